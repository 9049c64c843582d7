//! Reports: what `verify` found, as files for people and for CI.
//!
//! HTML is the page without buttons, passwords and tokens; XML has a test case per check; Markdown
//! is for the summary of a CI step. Each is made from the same [`View`] and written whole.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use maud::{Markup, PreEscaped, html};
use seedbed::verify::{Check, Verdict};
use seedbed::{Error, Exit, Result};
use seedbed_core::plan::civil;

use crate::output::difference::{self, Detail};
use crate::output::secrets::Secrets;
use crate::output::{as_of, headline, minute, verified};
use crate::page::{self, View, state};

/// Which reports are written, and where.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Files {
    /// One page with everything on it; no passwords, no tokens, and nothing that fetches.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A test case per check, as CI servers read it.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// For the summary of a CI step.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// What makes the text of a report.
type Writing = fn(&View<'_>) -> String;

/// Writes the reports that `files` names, in and below `here`; returns what was written.
pub(crate) fn write_reports(view: &View<'_>, files: &Files, here: &Path) -> Result<Vec<PathBuf>> {
    let reports: [(&Option<PathBuf>, Writing); 3] =
        [(&files.html, html), (&files.junit, junit), (&files.markdown, markdown)];
    let mut written = Vec::new();
    for (file, report) in reports {
        let Some(file) = file else { continue };
        put(&here.join(file), &report(view))?;
        written.push(file.clone());
    }
    Ok(written)
}

/// Tries whether reports can be written, in and below `here`, and leaves no new one behind.
#[cfg(all(unix, feature = "serve"))]
pub(crate) fn try_reports(files: &Files, here: &Path) -> Result<()> {
    for file in [&files.html, &files.junit, &files.markdown].into_iter().flatten() {
        let file = here.join(file);
        let (is_new, above) = (!file.exists(), file.parent().map(|folder| (folder, folder.exists())));
        let tried = folder_of(&file).and_then(|()| fs::OpenOptions::new().append(true).create(true).open(&file));
        tried.map_err(|error| not_written(&file, &error))?;
        if is_new {
            // Somebody may have removed it.
            let _ = fs::remove_file(&file);
        }
        if let Some((folder, false)) = above {
            let _ = fs::remove_dir(folder);
        }
    }
    Ok(())
}

fn put(file: &Path, text: &str) -> Result<()> {
    folder_of(file).and_then(|()| fs::write(file, text)).map_err(|error| not_written(file, &error))
}

fn folder_of(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all)
}

fn not_written(file: &Path, error: &std::io::Error) -> Error {
    Error::new(Exit::CouldNotRun, "report-not-written", format!("while writing {}: {error}", file.display()))
}

/// Returns the report as a page.
fn html(view: &View<'_>) -> String {
    page::page(&View { live: None, ..*view })
}

/// Returns the report as XML of `JUnit`: a suite per scenario, a test case per check.
fn junit(view: &View<'_>) -> String {
    let checks = &view.reading.verified.report.checks;
    let layers = &view.work.chain.layers[view.work.levels.clone()];
    let seconds = format!("{:.3}", view.reading.times.total.as_secs_f64());
    let failures = checks.iter().filter(|check| check.verdict == Verdict::Fails).count();
    let (whole, secrets) = (whole(view), Secrets::of(view.work));
    let failures = failures + usize::from(whole.is_some());
    let at = civil::timestamp(view.now).replace(' ', "T");
    let top = layers.len().saturating_sub(1);
    let text = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="seedbed" tests=(checks.len() + 1) failures=(failures) errors="0" time=(seconds) {
            @for (index, layer) in layers.iter().enumerate() {
                @let own: Vec<&Check> = checks.iter().filter(|check| check.scenario == layer.name).collect();
                @let failing = own.iter().filter(|check| check.verdict == Verdict::Fails).count();
                @let skipped = own.iter().filter(|check| matches!(check.verdict, Verdict::NotAsked(_))).count();
                @let (more, fails) = if index == top { (1, usize::from(whole.is_some())) } else { (0, 0) };
                testsuite name=(layer.name) tests=(own.len() + more) failures=(failing + fails) errors="0" skipped=(skipped)
                    timestamp=(at) time=(if index == top { seconds.as_str() } else { "0" }) {
                    @if index == top {
                        testcase classname=(layer.name) name="rows and files are as declared" time="0" {
                            @if let Some((message, text)) = &whole { (failure("difference", message, text)) }
                        }
                    }
                    @for check in own { (case(check, &secrets)) }
                }
            }
        }
    };
    // Letters that XML cannot hold, even escaped.
    text.into_string().replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "\u{fffd}") + "\n"
}

fn case(check: &Check, secrets: &Secrets<'_>) -> Markup {
    html! {
        testcase classname=(check.scenario) name=(name(check)) time="0" {
            @match &check.verdict {
                Verdict::Holds => {},
                Verdict::NotAsked(reason) => { skipped message=(reason) {} },
                Verdict::Fails => (failure("fact", &counted(check), &offenders(check, secrets))),
            }
        }
    }
}

fn failure(kind: &str, message: &str, text: &str) -> Markup {
    html! { failure type=(kind) message=(message) { (text) } }
}

/// Returns what is not as declared besides the facts: a line, and the plan.
fn whole(view: &View<'_>) -> Option<(String, String)> {
    let verified = &view.reading.verified;
    let plan = &verified.receipt.plan;
    let mut reasons: Vec<String> = verified.aged.iter().map(ToString::to_string).collect();
    if !plan.is_empty() {
        reasons.push(difference::summary(plan, ["to insert", "to change", "to write", "to remove"]));
    }
    (!reasons.is_empty()).then(|| (reasons.join("; "), difference::lines(plan, &Secrets::of(view.work), Detail::Brief)))
}

/// Returns `C6 every category is favorited (events)`.
fn name(check: &Check) -> String {
    let case: Vec<&str> = check.row.iter().chain(&check.value).map(String::as_str).collect();
    let case = if case.is_empty() { String::new() } else { format!(" ({})", case.join(", ")) };
    let id = if check.id.is_empty() { String::new() } else { format!("{} ", check.id) };
    format!("{id}{}{case}", check.fact)
}

/// Returns `declared 2 or more, counted 1`.
fn counted(check: &Check) -> String {
    let counted = check.counted.map_or_else(|| "nothing".to_owned(), |counted| counted.to_string());
    format!("declared {}, counted {counted}", verified::bounds(check))
}

fn offenders(check: &Check, secrets: &Secrets<'_>) -> String {
    check.offenders.iter().map(|offender| secrets.offence(offender)).collect::<Vec<_>>().join("\n")
}

/// Returns the report as Markdown, short enough for the summary of a CI step.
fn markdown(view: &View<'_>) -> String {
    let verified = &view.reading.verified;
    let receipt = &verified.receipt;
    let (state, checks, secrets) = (state(view), &verified.report.checks, Secrets::of(view.work));
    let mut text = format!("### Seedbed: {} is {}\n\n", plain(view.scenario()), state.word);
    let _ = writeln!(
        text,
        "{}. {}. {}, as of {}, good until {}, digest `{}`.\n",
        plain(&state.sentence),
        verified::tally(checks),
        plain(&view.work.place.name),
        as_of(receipt.as_of),
        minute(receipt.good_until),
        headline::short(&receipt.digest),
    );
    let failing: Vec<&Check> = verified.report.failing().collect();
    if !failing.is_empty() {
        text.push_str("| what does not hold | declared | counted | rows |\n|---|---|---|---|\n");
        for check in failing {
            let counted = check.counted.map_or_else(String::new, |counted| counted.to_string());
            let rows = plain(&offenders(check, &secrets).replace('\n', "; "));
            let _ = writeln!(text, "| {} | {} | {counted} | {rows} |", plain(&name(check)), verified::bounds(check));
        }
        text.push('\n');
    }
    text.push_str("| scenario | checks |\n|---|---|\n");
    for layer in view.work.chain.layers[view.work.levels.clone()].iter().rev() {
        let own = checks.iter().filter(|check| check.scenario == layer.name);
        let _ = writeln!(text, "| {} {} | {} |", plain(&layer.name), plain(&layer.about), verified::tally(own));
    }
    if !receipt.plan.is_empty() {
        // A fence longer than any run of backticks in it.
        let lines = difference::lines(&receipt.plan, &secrets, Detail::Brief);
        let fence = "`".repeat(lines.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
        let _ = write!(text, "\nRows and files that are not as declared:\n\n{fence}text\n{lines}{fence}\n");
    }
    text
}

/// Returns a text that Markdown shows as it stands.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' => plain.extend(['\\', letter]),
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            _ => plain.push(letter),
        }
    }
    plain
}

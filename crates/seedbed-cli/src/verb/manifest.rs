//! `seedbed manifest`

use std::fs;
use std::path::{Path, PathBuf};

use seedbed::{Error, Exit, Result};
use seedbed_core::keys::WORKERS;
use serde_json::Value;

use super::Desk;
use crate::answer::Answer;
use crate::arguments::Format;
use crate::code;
use crate::output::manifested::{File, Report};

#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// The scenario.
    scenario: String,
    /// Writes it into this file, in the format that its name ends in: .json, .ts, .py or .dart.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exits with 1 when this file is not what would be written.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    check: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags, desk: &Desk<'_>) -> Result<Answer> {
    let named = flags.out.as_deref().or(flags.check.as_deref());
    let format = format(named, desk.format)?;
    let own = desk.call.worker;
    let workers = if matches!(format, Format::Text | Format::Json) { own..own + 1 } else { 0..WORKERS };
    let first = workers.start;
    let manifests = desk.project()?.manifests(&flags.scenario, desk.lent(), &desk.call, workers)?;
    let data: Vec<Value> = manifests.iter().map(|made| serde_json::to_value(made).expect("names are texts")).collect();
    let code = match format {
        Format::Json => Some(format!("{:#}\n", data[0])),
        Format::Ts => Some(code::typescript(&data)),
        Format::Py => Some(code::python(&data)),
        Format::Dart => Some(code::dart(&data)),
        // Files of rows are refused before.
        _ => None,
    };
    let file = match (&code, &flags.out, &flags.check) {
        (Some(code), Some(path), _) => Some(write(path, &desk.here, code)?),
        (Some(code), None, Some(path)) => Some(compare(path, &desk.here, code)?),
        _ => None,
    };
    let at = usize::from(own - first);
    Ok(desk.answer(&Report { manifest: &manifests[at], data: &data[at], code: code.as_deref(), file: file.as_ref() }))
}

/// Returns the format that was asked for, or the one that a file's name ends in.
fn format(file: Option<&Path>, asked: Format) -> Result<Format> {
    let (Some(file), Format::Text) = (file, asked) else { return Ok(asked) };
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(Format::Json),
        Some("ts" | "mts" | "cts") => Ok(Format::Ts),
        Some("py") => Ok(Format::Py),
        Some("dart") => Ok(Format::Dart),
        _ => Err(Error::new(Exit::Usage, "unknown-format", format!("`{}` does not say its format", file.display()))
            .help("say it with --format json, ts, py or dart")),
    }
}

/// Writes a file whose text is another.
fn write(path: &Path, here: &Path, code: &str) -> Result<File> {
    let shown = path.display().to_string();
    let path = here.join(path);
    if fs::read_to_string(&path).is_ok_and(|text| text == code) {
        return Ok(File::Unchanged(shown));
    }
    fs::write(&path, code)
        .map_err(|error| Error::new(Exit::CouldNotRun, "not-written", format!("while writing {shown}: {error}")))?;
    Ok(File::Written(shown))
}

fn compare(path: &Path, here: &Path, code: &str) -> Result<File> {
    let shown = path.display().to_string();
    let text = match fs::read_to_string(here.join(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            let message = format!("while reading {shown}: {error}");
            return Err(Error::new(Exit::CouldNotRun, "unreadable-file", message));
        }
    };
    // Whoever checked it out may have other ends of lines.
    if text.lines().eq(code.lines()) {
        return Ok(File::Same(shown));
    }
    let same = text.lines().zip(code.lines()).take_while(|(there, here)| there == here).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or_default().trim().to_owned();
    Ok(File::Differs { path: shown, line: same + 1, there: line(&text), wanted: line(code) })
}

use seedbed_core::dataset::{Picture, PictureKind};

use super::palette::{self, Colour};
use super::{LARGEST_SIDE, glyph, render};

const LONGEST: usize = 300;

fn poster(width: u32, height: u32, caption: &str, tint: u64) -> Picture {
    Picture { kind: PictureKind::Poster, width, height, caption: caption.to_owned(), tint }
}

fn avatar(side: u32, caption: &str, tint: u64) -> Picture {
    Picture { kind: PictureKind::Avatar, width: side, height: side, caption: caption.to_owned(), tint }
}

fn long_caption() -> String {
    "Langer Text über vieles, was nicht in einen Satz passt; ".chars().cycle().take(LONGEST).collect()
}

/// Width, height and the indices of the colours, two pixels a byte.
fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().expect("the file has a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("the picture is small")];
    let info = reader.next_frame(&mut pixels).expect("the file can be decoded");
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Indexed, png::BitDepth::Four));
    (info.width, info.height, pixels)
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[test]
fn bytes_are_those_of_the_last_release() {
    let festival = poster(600, 750, "Sommerfest für Käthe\nSa 12. Juli · 18 Uhr", 0x5EED);
    let member = avatar(256, "Özgür Åkesson", 0xBED);
    let sums = [&festival, &member].map(|picture| format!("{:016x}", checksum(&render(picture))));
    assert_eq!(sums, ["5e603aa9e87086fe", "8fef6633358ddcf4"]);
}

#[test]
fn every_size_can_be_decoded() {
    let sides = [1, 2, 16, 17, 33, 301];
    let pairs = sides.iter().flat_map(|&width| sides.map(|height| (width, height)));
    for (width, height) in pairs.chain([(2000, 2000), (2000, 16), (16, 2000)]) {
        for caption in ["", "Ö", "Flohmarkt & Kaffee\nab 10 Uhr", "\n", "\nnur unten"] {
            for kind in [PictureKind::Poster, PictureKind::Avatar] {
                let tint = u64::from(width * 7 + height);
                let picture = Picture { kind, ..poster(width, height, caption, tint) };
                let (decoded_width, decoded_height, _) = decoded(&render(&picture));
                assert_eq!((decoded_width, decoded_height), (width, height));
            }
        }
    }
}

#[test]
fn every_pattern_fits_every_size() {
    for tint in 0..60 {
        for (width, height) in [(16, 16), (17, 300), (300, 17), (64, 80)] {
            decoded(&render(&poster(width, height, "Lauftreff\num sieben", tint)));
            decoded(&render(&poster(width, height, &long_caption(), tint)));
        }
    }
}

#[test]
fn sides_beyond_the_limits_count_as_the_limit() {
    for tint in 0..16 {
        let (width, height, _) = decoded(&render(&poster(u32::MAX, 0, "Flohmarkt", tint)));
        assert_eq!((width, height), (LARGEST_SIDE, 1));
    }
    // Enough tints for every pattern: lengths are multiplied there, and must not overflow.
    for tint in 0..24 {
        decoded(&render(&poster(LARGEST_SIDE, 99, "Flohmarkt", tint)));
        decoded(&render(&poster(99, LARGEST_SIDE, "Flohmarkt", tint)));
    }
    decoded(&render(&poster(LARGEST_SIDE, LARGEST_SIDE, "Flohmarkt\nHof", 1)));
    decoded(&render(&avatar(LARGEST_SIDE, "Ada Lovelace", 1)));
}

#[test]
fn the_longest_caption_stays_below_100_kilobytes() {
    let caption = long_caption();
    for tint in 0..25 {
        let size = render(&poster(800, 1000, &caption, tint)).len();
        assert!(size < 100_000, "{size} bytes for tint {tint}");
    }
}

#[test]
fn a_poster_of_600_by_750_stays_below_20_kilobytes() {
    for tint in 0..40 {
        for caption in ["Über Ängste & Öfen\nEintritt 5 €", &long_caption()] {
            let size = render(&poster(600, 750, caption, tint)).len();
            assert!(size < 20_000, "{size} bytes for tint {tint}");
        }
    }
}

#[test]
fn equal_pictures_give_equal_bytes() {
    let picture = poster(600, 750, "Jazz\nmittwochs", 7);
    let elsewhere = std::thread::spawn({
        let picture = picture.clone();
        move || render(&picture)
    });
    assert_eq!(render(&picture), elsewhere.join().expect("rendering does not panic"));
}

#[test]
fn neighbouring_tints_give_different_pictures() {
    for kind in [PictureKind::Poster, PictureKind::Avatar] {
        let files: std::collections::HashSet<_> =
            (0..8).map(|tint| render(&Picture { kind, ..poster(200, 250, "Jazz", tint) })).collect();
        assert_eq!(files.len(), 8);
    }
}

#[test]
fn different_captions_give_different_pictures() {
    for kind in [PictureKind::Poster, PictureKind::Avatar] {
        let file = |caption| render(&Picture { kind, ..poster(200, 250, caption, 3) });
        assert_ne!(file("Jazz"), file("Blues"));
        assert_ne!(file("Jazz"), file(""));
    }
}

#[test]
fn an_avatar_without_letters_shows_the_figure() {
    let figure = render(&avatar(64, "", 5));
    assert_eq!(figure, render(&avatar(64, " - 🎉", 5)));
    assert_eq!(figure, render(&avatar(64, "李 小龙", 5)));
    let (_, _, pixels) = decoded(&figure);
    let middle = pixels[32 * 32 + 16] >> 4;
    assert_eq!(middle, Colour::PAPER.0);
}

#[test]
fn initials_come_from_the_first_and_the_last_word() {
    let file = |name| render(&avatar(96, name, 5));
    assert_eq!(file("Özgür Åkesson"), file("ö å"));
    assert_eq!(file("Max von der Ölmühle"), file("M. Ö."));
    assert_ne!(file("Max"), file("Max Ölmühle"));
}

#[test]
fn letters_with_accents_are_not_the_box_and_not_each_other() {
    let characters: Vec<char> = "ÄÖÜäöüéñçß&$%!?€ÅåøØÉÑÇèêëïîíìčšžŁAOUaoueniIcCBs".chars().collect();
    let unknown = glyph::glyph('\u{FFFF}');
    for (index, &character) in characters.iter().enumerate() {
        if character != 'Ł' {
            assert_ne!(glyph::glyph(character), unknown, "{character}");
        }
        for &other in &characters[index + 1..] {
            assert_ne!(glyph::glyph(character), glyph::glyph(other), "{character} {other}");
        }
    }
}

#[test]
fn every_printable_latin_1_character_has_a_glyph() {
    let printable = ('!'..='~').chain('\u{A1}'..='\u{FF}').filter(|&c| c != '\u{AD}');
    for character in printable {
        let glyph = glyph::known(character).unwrap_or_else(|| panic!("no glyph for {character}"));
        assert!((1..=8).contains(&glyph.width), "{character}");
        assert!(glyph.rows.iter().any(|row| row & 1 != 0), "{character} is not flush left");
    }
}

#[test]
fn text_can_be_read_on_every_palette() {
    for palette in palette::PALETTES {
        let [paper, ink] = [palette[0], palette[1]].map(luminance);
        let contrast = (paper.max(ink) + 0.05) / (paper.min(ink) + 0.05);
        assert!(contrast >= 4.5, "{contrast:.2} for {palette:06x?}");
    }
}

/// Relative luminance as WCAG 2.2 defines it.
fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes().map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[test]
fn mixtures_lie_where_the_table_has_them() {
    let palette = &palette::PALETTES[0];
    let table = palette::table(palette);
    let rgb = |index: u8| &table[3 * usize::from(index)..][..3];
    for above in [Colour::PAPER, Colour::INK].into_iter().chain(Colour::ACCENTS) {
        for below in 0..5 {
            let mixed = rgb(above.mixed_over(below));
            let channels = rgb(above.0).iter().zip(rgb(below));
            let expected: Vec<u8> = channels.map(|(one, other)| one.midpoint(*other)).collect();
            assert_eq!(mixed, expected);
        }
        assert_eq!(above.mixed_over(14), above.0);
    }
}

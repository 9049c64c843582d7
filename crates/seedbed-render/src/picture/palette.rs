//! Colours: a fixed set of palettes, each of five colours and the ten mixtures of two of them.
//!
//! Invariant: paper and ink have a contrast of at least 4.5:1, so text in one on the other can be
//! read. The tests measure it.

use super::tint::Tint;

/// An index into a [`Palette`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub u8);

impl Colour {
    /// The background of text.
    pub(super) const PAPER: Self = Self(0);
    /// Text on paper, and the background of text in paper.
    pub(super) const INK: Self = Self(1);
    /// The three colours of the pattern.
    pub(super) const ACCENTS: [Self; 3] = [Self(2), Self(3), Self(4)];

    /// Returns the mixture of two colours; of a mixture and a colour, the colour on top.
    pub(super) fn mixed_over(self, below: u8) -> u8 {
        let (low, high) = (self.0.min(below), self.0.max(below));
        if low == high || usize::from(high) >= PLAIN {
            return self.0;
        }
        // Pairs are numbered (0,1) (0,2) (0,3) (0,4) (1,2) and so on, after the plain colours.
        PLAIN_U8 + low * (2 * PLAIN_U8 - 1 - low) / 2 + (high - low - 1)
    }
}

const PLAIN: usize = 5;
const PLAIN_U8: u8 = 5;
const ALL: usize = PLAIN + PLAIN * (PLAIN - 1) / 2;

/// Paper, ink and three accents, as 0xRRGGBB.
pub(super) type Palette = [u32; PLAIN];

/// Returns the palette that the tint picks.
pub(super) fn choose(tint: &mut Tint) -> &'static Palette {
    &PALETTES[tint.choose(PALETTES_U32) as usize]
}

/// Returns red, green and blue of every colour, mixtures included, in the order of the indices.
pub(super) fn table(palette: &Palette) -> [u8; 3 * ALL] {
    let mut table = [0; 3 * ALL];
    let (plain, mixtures) = table.split_at_mut(3 * PLAIN);
    for (entry, &colour) in plain.chunks_exact_mut(3).zip(palette) {
        entry.copy_from_slice(&colour.to_be_bytes()[1..]);
    }
    let pairs = (0..PLAIN).flat_map(|low| (low + 1..PLAIN).map(move |high| (low, high)));
    for (entry, (low, high)) in mixtures.chunks_exact_mut(3).zip(pairs) {
        for (channel, value) in entry.iter_mut().enumerate() {
            *value = plain[3 * low + channel].midpoint(plain[3 * high + channel]);
        }
    }
    table
}

const PALETTES_U32: u32 = 12;
pub(super) const PALETTES: [Palette; PALETTES_U32 as usize] = [
    [0xFF_F4_E0, 0x1D_2B_53, 0xF2_54_5B, 0xF5_B8_41, 0x1F_9E_9A],
    [0xF7_F7_F2, 0x12_37_2A, 0x2E_8B_57, 0xB5_D9_9C, 0xF2_8F_3B],
    [0x1B_1B_3A, 0xFF_F3_D6, 0xE8_4A_8A, 0x7A_5C_FA, 0x34_D1_BF],
    [0x14_21_3D, 0xFF_FF_FF, 0xFC_A3_11, 0x3F_6F_B5, 0xB8_C4_D9],
    [0xFD_E8_E9, 0x5B_0E_2D, 0xE3_52_6A, 0xFF_A7_81, 0x8D_3B_72],
    [0xE8_F1_F2, 0x13_29_3D, 0x24_7B_A0, 0x70_C1_B3, 0xFF_E0_66],
    [0x2B_2D_42, 0xED_F2_F4, 0xEF_47_5B, 0x8D_99_AE, 0xFF_D1_66],
    [0xFF_F8_C9, 0x3D_1A_5B, 0x8E_3C_B0, 0xF2_5F_9C, 0xF9_A0_3F],
    [0xF1_ED_E4, 0x2D_2A_26, 0xD1_49_5B, 0xED_AE_49, 0x30_63_8E],
    [0x0B_3D_2E, 0xF6_F1_D1, 0xF2_C1_4E, 0x4D_A1_67, 0xF7_81_54],
    [0xEA_F6_FF, 0x10_2A_83, 0x3F_6C_FF, 0xFF_5C_8A, 0xFF_D2_3F],
    [0x3A_14_30, 0xFF_E9_EC, 0xF2_5C_54, 0xF7_B2_67, 0x8E_5B_B5],
];

//! Lines, bars and dots of a terminal as shapes that fill their cells.

use super::svg::{HIGH, WIDE};

/// A shape in a cell.
pub enum Shape {
    /// From the left edge to the right one.
    Across,
    /// An SVG path, from the cell's corner, drawn as a line.
    Line(&'static str),
    /// Eighths of the cell's height, from below.
    Bar(u32),
    /// Dots of a braille cell.
    Dots(u32),
}

/// The shape of a character; `None` for one that is text.
pub fn of(character: char) -> Option<Shape> {
    Some(match character {
        '─' => Shape::Across,
        '│' => Shape::Line("m4.5 0v19"),
        '┤' => Shape::Line("m4.5 0v19m0-9.5h-4.5"),
        '╭' => Shape::Line("m4.5 19v-5q0-4.5 4.5-4.5"),
        '╮' => Shape::Line("m4.5 19v-5q0-4.5-4.5-4.5"),
        '╰' => Shape::Line("m4.5 0v5q0 4.5 4.5 4.5"),
        '╯' => Shape::Line("m4.5 0v5q0 4.5-4.5 4.5"),
        '▁'..='█' => Shape::Bar(u32::from(character) - 0x2580),
        '\u{2801}'..='\u{28FF}' => Shape::Dots(u32::from(character) - 0x2800),
        _ => return None,
    })
}

impl Shape {
    /// Is it a line, or an area?
    pub fn is_line(&self) -> bool {
        matches!(self, Self::Across | Self::Line(_))
    }

    /// The shape as an SVG path, `count` of them beside each other.
    pub fn path(&self, x: usize, y: usize, count: usize) -> String {
        let width = count * WIDE;
        match self {
            Self::Across => format!("M{x} {}h{width}", y as f64 + 9.5),
            Self::Line(path) => (0..count).map(|place| format!("M{} {y}{path}", x + place * WIDE)).collect(),
            Self::Bar(eighths) => {
                // A line of air above, so that rows of full bars stay apart.
                let height = f64::from(*eighths) * (HIGH as f64 - 3.0) / 8.0;
                format!("M{x} {}h{width}v-{height}h-{width}z", y + HIGH - 1)
            }
            Self::Dots(bits) => (0..count).map(|place| dots(*bits, x + place * WIDE, y)).collect(),
        }
    }
}

fn dots(bits: u32, x: usize, y: usize) -> String {
    /// Column and row of each bit, as Unicode numbers them.
    const PLACES: [(f64, f64); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    let set = PLACES.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    set.map(|(_, (column, row))| {
        let (dot_x, dot_y) = (x as f64 + 1.5 + column * 4.5, y as f64 + 1.6 + row * 4.75);
        format!("M{dot_x} {dot_y:.1}h2v2h-2z")
    })
    .collect()
}

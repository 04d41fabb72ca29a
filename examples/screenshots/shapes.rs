//! Lines, bars and dots of a terminal as shapes that fill their cells.

use super::svg::{HIGH, WIDE};

/// A shape in a cell.
pub enum Shape {
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
        '─' => Shape::Line("M0 9.5h9"),
        '│' => Shape::Line("M4.5 0v19"),
        '┤' => Shape::Line("M4.5 0v19M0 9.5h4.5"),
        '╭' => Shape::Line("M4.5 19v-5q0 -4.5 4.5 -4.5"),
        '╮' => Shape::Line("M4.5 19v-5q0 -4.5 -4.5 -4.5"),
        '╰' => Shape::Line("M4.5 0v5q0 4.5 4.5 4.5"),
        '╯' => Shape::Line("M4.5 0v5q0 4.5 -4.5 4.5"),
        '▁'..='█' => Shape::Bar(u32::from(character) - 0x2580),
        '\u{2801}'..='\u{28FF}' => Shape::Dots(u32::from(character) - 0x2800),
        _ => return None,
    })
}

impl Shape {
    pub fn at(&self, x: usize, y: usize, ink: &str) -> String {
        match self {
            Self::Line(path) => {
                format!(
                    "<path transform=\"translate({x} {y})\" d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.2\"/>"
                )
            }
            Self::Bar(eighths) => {
                // A line of air above, so that rows of full bars stay apart.
                let height = f64::from(*eighths) * (HIGH as f64 - 3.0) / 8.0;
                let top = (y + HIGH) as f64 - 1.0 - height;
                format!("<rect x=\"{x}\" y=\"{top:.1}\" width=\"{WIDE}\" height=\"{height:.1}\" fill=\"{ink}\"/>")
            }
            Self::Dots(bits) => {
                /// Column and row of each bit, as Unicode numbers them.
                const PLACES: [(f64, f64); 8] =
                    [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
                let mut path = String::new();
                for (bit, (column, row)) in PLACES.iter().enumerate() {
                    if bits & (1 << bit) != 0 {
                        let (dot_x, dot_y) = (x as f64 + 1.5 + column * 4.5, y as f64 + 1.6 + row * 4.75);
                        path.push_str(&format!("M{dot_x} {dot_y}h1.8v1.8h-1.8z"));
                    }
                }
                format!("<path d=\"{path}\" fill=\"{ink}\"/>")
            }
        }
    }
}

//! A terminal's screen as an SVG document.
//!
//! A pure function: the same screen gives the same bytes. Text stays text, in
//! runs of one style, each stretched to the width of its cells, so that the
//! columns agree whatever monospace font the reader has. Lines, bars and dots are
//! shapes: in fonts they differ, and leave gaps.

use super::shapes;
use std::fmt::Write as _;

/// Units of a cell.
pub const WIDE: usize = 9;
pub const HIGH: usize = 19;
/// The window's margin, and the room of its title bar.
const MARGIN: usize = 14;
const BAR: usize = 34;

/// What a cell without colours of its own has.
const PLAIN: (Rgb, Rgb) = (Rgb(0xc8, 0xcc, 0xd4), Rgb(0x14, 0x18, 0x1f));
/// A cell of DejaVu Sans Mono at this size is as wide as ours.
const FONT: &str = "14.95";

#[derive(Clone, Copy, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: Rgb,
    ground: Rgb,
    is_bold: bool,
    is_dim: bool,
    is_italic: bool,
    is_underlined: bool,
}

/// Cells of one line and one look.
struct Run {
    column: usize,
    columns: usize,
    text: String,
    look: Look,
}

/// The screen in a window with a title.
pub fn picture(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (usize::from(columns) * WIDE + 2 * MARGIN, usize::from(rows) * HIGH + MARGIN + BAR);
    // The window has the theme's own background.
    let canvas = screen.cell(rows.saturating_sub(1), 0).map_or(PLAIN.1, |cell| look(cell).ground);
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"klamm: {title}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"{canvas}\"/>"
    );
    for (index, light) in ["#f07178", "#e5c07b", "#98c379"].iter().enumerate() {
        let _ = writeln!(out, "<circle cx=\"{}\" cy=\"17\" r=\"5.5\" fill=\"{light}\"/>", 20 + index * 18);
    }
    let _ = writeln!(
        out,
        "<g font-family=\"ui-monospace,'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">"
    );
    for row in 0..rows {
        let y = BAR + usize::from(row) * HIGH;
        for run in runs(screen, row, columns) {
            draw(&mut out, &run, y, canvas);
        }
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column) else { continue };
            if let Some(shape) = cell.contents().chars().next().and_then(shapes::of) {
                let _ =
                    writeln!(out, "{}", shape.at(MARGIN + usize::from(column) * WIDE, y, &look(cell).ink.to_string()));
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn draw(out: &mut String, run: &Run, y: usize, canvas: Rgb) {
    let (x, width) = (MARGIN + run.column * WIDE, run.columns * WIDE);
    let look = run.look;
    if look.ground != canvas {
        let _ =
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HIGH}\" fill=\"{}\"/>", look.ground);
    }
    let text = run.text.trim_end();
    if text.is_empty() {
        return;
    }
    let lead = run.text.len() - run.text.trim_start().len();
    let text = text.get(lead..).unwrap_or_default();
    // Spaces are one byte and one column each.
    let trailing = run.text.len() - run.text.trim_end().len();
    let (x, width) = (x + lead * WIDE, (run.columns - lead - trailing) * WIDE);
    let mut style = String::new();
    for (is_set, attribute) in [
        (look.is_bold, " font-weight=\"bold\""),
        (look.is_dim, " opacity=\"0.6\""),
        (look.is_italic, " font-style=\"italic\""),
        (look.is_underlined, " text-decoration=\"underline\""),
    ] {
        if is_set {
            style.push_str(attribute);
        }
    }
    let baseline = y + HIGH - 5;
    let (ink, text) = (look.ink, escaped(text));
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{baseline}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{style}>{text}</text>"
    );
}

fn runs(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        let look = look(cell);
        if cell.is_wide_continuation() {
            if let Some(last) = runs.last_mut() {
                last.columns += 1;
            }
            continue;
        }
        let is_text = cell.has_contents() && !cell.contents().chars().any(|character| shapes::of(character).is_some());
        let text = if is_text { cell.contents() } else { " " };
        match runs.last_mut() {
            Some(last) if last.look == look => {
                last.text.push_str(text);
                last.columns += 1;
            }
            _ => runs.push(Run { column: usize::from(column), columns: 1, text: text.to_owned(), look }),
        }
    }
    runs
}

fn look(cell: &vt100::Cell) -> Look {
    let (mut ink, mut ground) = (rgb(cell.fgcolor(), PLAIN.0), rgb(cell.bgcolor(), PLAIN.1));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut ground);
    }
    Look {
        ink,
        ground,
        is_bold: cell.bold(),
        is_dim: cell.dim(),
        is_italic: cell.italic(),
        is_underlined: cell.underline(),
    }
}

fn rgb(colour: vt100::Color, otherwise: Rgb) -> Rgb {
    match colour {
        vt100::Color::Default => otherwise,
        vt100::Color::Rgb(red, green, blue) => Rgb(red, green, blue),
        vt100::Color::Idx(index) => indexed(index),
    }
}

/// The usual colours of a terminal by their number.
fn indexed(index: u8) -> Rgb {
    const BASE: [Rgb; 16] = [
        Rgb(0, 0, 0),
        Rgb(205, 49, 49),
        Rgb(13, 188, 121),
        Rgb(229, 192, 123),
        Rgb(36, 114, 200),
        Rgb(188, 63, 188),
        Rgb(17, 168, 205),
        Rgb(204, 204, 204),
        Rgb(102, 102, 102),
        Rgb(241, 76, 76),
        Rgb(35, 209, 139),
        Rgb(245, 245, 67),
        Rgb(59, 142, 234),
        Rgb(214, 112, 214),
        Rgb(41, 184, 219),
        Rgb(255, 255, 255),
    ];
    if let Some(base) = BASE.get(usize::from(index)) {
        return *base;
    }
    if index >= 232 {
        let grey = 8 + (index - 232) * 10;
        return Rgb(grey, grey, grey);
    }
    // A cube of six steps each way.
    let step = |place: u8| if place == 0 { 0 } else { 55 + place * 40 };
    let cube = index - 16;
    Rgb(step(cube / 36), step(cube / 6 % 6), step(cube % 6))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

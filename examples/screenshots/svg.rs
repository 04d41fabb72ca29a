//! A terminal's screen as an SVG document.
//!
//! A pure function: the same screen gives the same bytes. Text stays text, in
//! runs of one style, each stretched to the width of its cells, so that the
//! columns agree whatever monospace font the reader has. Lines, bars and dots are
//! shapes: in fonts they differ, and leave gaps. What has one colour is one path,
//! and runs of one style are one group, so that a picture is small.

use super::shapes;
use super::still::Still;
use std::collections::BTreeMap;
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

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rgb(u8, u8, u8);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// What is drawn, by how it looks.
#[derive(Default)]
struct Layers {
    grounds: BTreeMap<Rgb, String>,
    lines: BTreeMap<Rgb, String>,
    areas: BTreeMap<Rgb, String>,
    texts: BTreeMap<Look, String>,
}

/// The screen in a window with a title.
pub fn picture(screen: &vt100::Screen, title: &str, still: &Still) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (usize::from(columns) * WIDE + 2 * MARGIN, usize::from(rows) * HIGH + MARGIN + BAR);
    // The window has the theme's own background.
    let canvas = screen.cell(rows.saturating_sub(1), 0).map_or(PLAIN.1, |cell| look(cell).ground);
    let mut layers = Layers::default();
    for row in 0..rows {
        let y = BAR + usize::from(row) * HIGH;
        for mut run in runs(screen, row, columns) {
            run.text = still.words(&run.text);
            layers.put(&run, y, canvas);
        }
        for (column, count) in same_cells(screen, row, columns) {
            let Some(cell) = screen.cell(row, column) else { continue };
            if let Some(shape) = cell.contents().chars().next().and_then(shapes::of) {
                let layer = if shape.is_line() { &mut layers.lines } else { &mut layers.areas };
                let path = shape.path(MARGIN + usize::from(column) * WIDE, y, count);
                layer.entry(look(cell).ink).or_default().push_str(&path);
            }
        }
    }
    layers.document(width, height, canvas, title)
}

/// Where each stretch of equal cells begins, and how long it is.
fn same_cells(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<(u16, usize)> {
    let mut stretches: Vec<(u16, usize)> = Vec::new();
    for column in 0..columns {
        match stretches.last_mut() {
            Some((first, count)) if screen.cell(row, *first) == screen.cell(row, column) => *count += 1,
            _ => stretches.push((column, 1)),
        }
    }
    stretches
}

impl Layers {
    fn put(&mut self, run: &Run, y: usize, canvas: Rgb) {
        let (x, width) = (MARGIN + run.column * WIDE, run.columns * WIDE);
        let look = run.look;
        if look.ground != canvas {
            let ground = self.grounds.entry(look.ground).or_default();
            ground.push_str(&format!("M{x} {y}h{width}v{HIGH}h-{width}z"));
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
        // The background is drawn already: without it there are fewer groups.
        let texts = self.texts.entry(Look { ground: canvas, ..look }).or_default();
        let (baseline, text) = (y + HIGH - 5, escaped(text));
        // Writing into a string cannot fail.
        let _ = writeln!(texts, "<text x=\"{x}\" y=\"{baseline}\" textLength=\"{width}\">{text}</text>");
    }

    fn document(&self, width: usize, height: usize, canvas: Rgb, title: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"klamm: {title}\">\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"{canvas}\"/>"
        );
        for (index, light) in ["#f07178", "#e5c07b", "#98c379"].iter().enumerate() {
            let _ = writeln!(out, "<circle cx=\"{}\" cy=\"17\" r=\"5.5\" fill=\"{light}\"/>", 20 + index * 18);
        }
        for (colour, path) in self.grounds.iter().chain(&self.areas) {
            let _ = writeln!(out, "<path fill=\"{colour}\" d=\"{path}\"/>");
        }
        for (colour, path) in &self.lines {
            let _ = writeln!(out, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.2\" d=\"{path}\"/>");
        }
        let _ = writeln!(
            out,
            "<g font-family=\"ui-monospace,'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">"
        );
        for (look, texts) in &self.texts {
            let _ = write!(out, "<g fill=\"{}\"{}>\n{texts}</g>\n", look.ink, look.style());
        }
        out.push_str("</g>\n</svg>\n");
        out
    }
}

impl Look {
    fn style(self) -> String {
        let mut style = String::new();
        for (is_set, attribute) in [
            (self.is_bold, " font-weight=\"bold\""),
            (self.is_dim, " opacity=\"0.6\""),
            (self.is_italic, " font-style=\"italic\""),
            (self.is_underlined, " text-decoration=\"underline\""),
        ] {
            if is_set {
                style.push_str(attribute);
            }
        }
        style
    }
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

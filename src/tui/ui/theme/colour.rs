//! Colours as three bytes, and what is left of them on a lesser terminal.

use ratatui::style::{Color, Style};

pub type Rgb = (u8, u8, u8);

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    True,
    Indexed,
    Sixteen,
    /// `NO_COLOR`, or a terminal that has none.
    None,
}

/// The sixteen, as most terminals draw them.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (170, 0, 0)),
    (Color::Green, (0, 140, 0)),
    (Color::Yellow, (170, 100, 0)),
    (Color::Blue, (0, 50, 180)),
    (Color::Magenta, (150, 0, 150)),
    (Color::Cyan, (0, 140, 140)),
    (Color::Gray, (180, 180, 180)),
    (Color::DarkGray, (95, 95, 95)),
    (Color::LightRed, (255, 95, 95)),
    (Color::LightGreen, (130, 220, 110)),
    (Color::LightYellow, (240, 210, 110)),
    (Color::LightBlue, (90, 160, 255)),
    (Color::LightMagenta, (240, 120, 240)),
    (Color::LightCyan, (90, 220, 220)),
    (Color::White, (255, 255, 255)),
];

impl Depth {
    /// From what the environment says.
    pub fn detect(no_color: bool, colorterm: &str, term: &str) -> Self {
        if no_color || term == "dumb" {
            Self::None
        } else if colorterm.contains("truecolor") || colorterm.contains("24bit") {
            Self::True
        } else if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    pub fn reduce(self, mut style: Style) -> Style {
        style.fg = style.fg.and_then(|colour| self.nearest(colour));
        style.bg = style.bg.and_then(|colour| self.nearest(colour));
        style
    }

    fn nearest(self, colour: Color) -> Option<Color> {
        let Color::Rgb(red, green, blue) = colour else {
            return if self == Self::None { None } else { Some(colour) };
        };
        match self {
            Self::True => Some(colour),
            Self::Indexed => Some(Color::Indexed(indexed((red, green, blue)))),
            Self::Sixteen => SIXTEEN
                .iter()
                .min_by_key(|(_, other)| distance(*other, (red, green, blue)))
                .map(|(nearest, _)| *nearest),
            Self::None => None,
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    2 * part(a.0, b.0) + 4 * part(a.1, b.1) + 3 * part(a.2, b.2)
}

/// The nearest of the 6×6×6 cube and the grey ramp.
fn indexed(rgb: Rgb) -> u8 {
    let level = |value: u8| -> u8 {
        match value {
            0..48 => 0,
            48..115 => 1,
            _ => (value - 35) / 40,
        }
    };
    let shown = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
    let (red, green, blue) = (level(rgb.0), level(rgb.1), level(rgb.2));
    let cube = (shown(red), shown(green), shown(blue));
    let mean = ((u16::from(rgb.0) + u16::from(rgb.1) + u16::from(rgb.2)) / 3) as u8;
    let step = (mean.saturating_sub(3) / 10).min(23);
    let grey = 8 + 10 * step;
    if distance((grey, grey, grey), rgb) < distance(cube, rgb) { 232 + step } else { 16 + 36 * red + 6 * green + blue }
}

/// One of the terminal's sixteen by its usual name: `red`, `bright-red`.
pub fn ansi(name: &str) -> Option<Color> {
    const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
    let (name, first) = name.strip_prefix("bright-").map_or((name, 0), |name| (name, 8));
    let place = NAMES.iter().position(|known| *known == name)?;
    SIXTEEN.get(first + place).map(|(colour, _)| *colour)
}

/// The three bytes of a colour, as most terminals draw it.
pub fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(red, green, blue) => Some((red, green, blue)),
        colour => SIXTEEN.iter().find(|(other, _)| *other == colour).map(|(_, rgb)| *rgb),
    }
}

/// `share` of the way from one colour to another.
pub fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let part = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    (part(from.0, to.0), part(from.1, to.1), part(from.2, to.2))
}

/// `colour` moved towards black or white until it can be told from `ground`.
pub fn apart(colour: Rgb, ground: Rgb, least: f64) -> Rgb {
    let end = if is_light(ground) { (0, 0, 0) } else { (255, 255, 255) };
    let steps = (0..=10).map(|step| mix(colour, end, f64::from(step) / 10.0));
    steps.into_iter().find(|moved| contrast(*moved, ground) >= least).unwrap_or(end)
}

/// `#rrggbb`, `#rgb`, or one of a few names.
pub fn parse(text: &str) -> Option<Rgb> {
    if let Some(hex) = text.strip_prefix('#') {
        let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        return match digits?.as_slice() {
            [r, g, b] => Some((r * 17, g * 17, b * 17)),
            [a, b, c, d, e, f] => Some((a * 16 + b, c * 16 + d, e * 16 + f)),
            _ => None,
        };
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "red" => (179, 38, 30),
        "orange" => (191, 95, 0),
        "yellow" => (212, 172, 13),
        "green" => (30, 122, 60),
        "cyan" | "teal" => (14, 116, 124),
        "blue" => (28, 92, 190),
        "magenta" | "purple" | "violet" => (122, 62, 176),
        "pink" => (190, 60, 120),
        "grey" | "gray" => (90, 98, 110),
        "white" => (235, 235, 235),
        "black" => (20, 20, 20),
        _ => return None,
    })
}

fn luminance(rgb: Rgb) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(rgb.0) + 0.7152 * part(rgb.1) + 0.0722 * part(rgb.2)
}

pub fn is_light(rgb: Rgb) -> bool {
    luminance(rgb) > 0.18
}

/// The contrast of two colours, from 1 to 21, as accessibility guidelines define it.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_parsed_and_never_cut_through_a_character() {
        assert_eq!(parse("#0f0"), Some((0, 255, 0)));
        assert_eq!(parse("#1e7A3c"), Some((30, 122, 60)));
        for bad in ["#12345", "#ééé", "#", "", "glitter"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_depth_follows_the_environment() {
        assert_eq!(Depth::detect(true, "truecolor", "xterm-256color"), Depth::None);
        assert_eq!(Depth::detect(false, "truecolor", "xterm"), Depth::True);
        assert_eq!(Depth::detect(false, "", "xterm-256color"), Depth::Indexed);
        assert_eq!(Depth::detect(false, "", "linux"), Depth::Sixteen);
        assert_eq!(Depth::detect(false, "", "dumb"), Depth::None);
    }

    #[test]
    fn the_nearest_colours_are_near() {
        assert_eq!(indexed((255, 255, 255)), 231);
        assert_eq!(indexed((255, 0, 0)), 196);
        assert_eq!(indexed((128, 128, 128)), 244);
    }
}

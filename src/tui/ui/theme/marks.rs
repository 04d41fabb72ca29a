//! The few signs that carry meaning, and their ASCII twins.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    pub fine: &'static str,
    pub look: &'static str,
    pub broken: &'static str,
    pub unknown: &'static str,
    pub leads: &'static str,
    pub marked: &'static str,
    pub selected: &'static str,
    pub following: &'static str,
    pub paused: &'static str,
    pub descending: &'static str,
    pub ascending: &'static str,
    /// Eight heights, lowest first.
    pub bars: [&'static str; 8],
    /// Corners and lines: top left, top right, bottom left, bottom right, horizontal, vertical.
    pub frame: [&'static str; 6],
}

impl Marks {
    pub const UNICODE: Self = Self {
        fine: "✔",
        look: "▲",
        broken: "✖",
        unknown: "?",
        leads: "›",
        marked: "●",
        selected: "▸",
        following: "▶",
        paused: "‖",
        descending: "▾",
        ascending: "▴",
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        frame: ["╭", "╮", "╰", "╯", "─", "│"],
    };

    pub const ASCII: Self = Self {
        fine: "+",
        look: "!",
        broken: "X",
        unknown: "?",
        leads: ">",
        marked: "*",
        selected: ">",
        following: ">",
        paused: "=",
        descending: "v",
        ascending: "^",
        bars: [".", ".", "-", "-", "=", "=", "#", "#"],
        frame: ["+", "+", "+", "+", "-", "|"],
    };
}

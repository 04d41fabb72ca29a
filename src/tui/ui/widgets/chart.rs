//! A line chart over time, drawn with braille dots.
//!
//! Owns: the scale, the axes and the legend. Must not know what is measured.
//! Invariant: zero is always on the scale, so that a line's height means what
//! it seems to; what lies outside the chart's time leaves a gap.

use crate::domain::text::display_width;
use crate::domain::{Time, show};
use crate::tui::ui::canvas::{Canvas, span};
use crate::tui::ui::theme::Role;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

/// One line.
pub struct Series<'a> {
    pub name: &'a str,
    pub role: Role,
    /// In order of time.
    pub points: &'a [(Time, f64)],
}

pub struct Chart<'a> {
    /// The first one lies on top.
    pub series: &'a [Series<'a>],
    pub from: Time,
    pub to: Time,
    pub zone: &'a TimeZone,
}

/// Columns of the labels at the left, with the axis.
const SCALE: u16 = 8;
/// Columns from which there is room for a legend.
const WITH_LEGEND: u16 = 72;
/// Seconds are told only where minutes would repeat.
const MINUTES: f64 = 600_000.0;

impl Chart<'_> {
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let legend = self.legend(area.width);
        if area.height < 3 || area.width < SCALE + legend + 20 {
            return;
        }
        let plot = Rect { x: area.x + SCALE, width: area.width - SCALE - legend, height: area.height - 1, ..area };
        let top = round_up(self.highest());
        axes(canvas, plot, top);
        self.times(canvas, plot);
        let mut grid = Grid::new(plot);
        for series in self.series.iter().rev() {
            let mut last = None;
            for (at, value) in series.points {
                let dot = self.dot(&grid, *at, *value, top);
                if let Some(dot) = dot {
                    grid.line(last.unwrap_or(dot), dot, series.role);
                }
                last = dot;
            }
        }
        grid.draw(canvas);
        if legend > 0 {
            for (series, y) in self.series.iter().zip(plot.top()..plot.bottom()) {
                let line = [span("⠒⠒ ", series.role), span(series.name, Role::Muted)];
                canvas.put_spans(plot.right() + 2, y, legend - 2, &line);
            }
        }
    }

    fn highest(&self) -> f64 {
        let values = self.series.iter().flat_map(|series| series.points).map(|(_, value)| *value);
        values.filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    fn span(&self) -> f64 {
        self.to.since(self.from).max(1) as f64
    }

    /// Columns for the legend: none for a single line, or where lines need the room.
    fn legend(&self, width: u16) -> u16 {
        let widest = self.series.iter().map(|series| display_width(series.name)).max().unwrap_or(0);
        if self.series.len() < 2 || width < WITH_LEGEND {
            0
        } else {
            u16::try_from(widest + 6).unwrap_or(0).min(width / 4)
        }
    }

    fn dot(&self, grid: &Grid, at: Time, value: f64, top: f64) -> Option<(i32, i32)> {
        let across = at.since(self.from) as f64 / self.span();
        if !(0.0..=1.0).contains(&across) || !value.is_finite() {
            return None;
        }
        let (width, height) = grid.dots();
        let x = (across * f64::from(width - 1)).round();
        let y = ((1.0 - (value / top).clamp(0.0, 1.0)) * f64::from(height - 1)).round();
        Some((x as i32, y as i32))
    }

    fn times(&self, canvas: &mut Canvas<'_>, plot: Rect) {
        let count = (plot.width / 20).clamp(1, 6);
        for index in 0..=count {
            let share = f64::from(index) / f64::from(count);
            let at = self.from.plus_millis((self.span() * share) as i64);
            let clock = at.clock_seconds(self.zone);
            let label = match clock.rsplit_once(':') {
                Some((minutes, _)) if self.span() > MINUTES => minutes,
                _ => &clock,
            };
            let width = u16::try_from(display_width(label)).unwrap_or(plot.width).min(plot.width);
            // The first begins at the axis and the last ends at the edge.
            let x = plot.x + (f64::from(plot.width - width) * share) as u16;
            canvas.put(x, plot.bottom(), width, label, Role::Muted);
        }
    }
}

fn axes(canvas: &mut Canvas<'_>, plot: Rect, top: f64) {
    let mut labels = vec![(plot.y, top), (plot.bottom() - 1, 0.0)];
    if plot.height >= 5 {
        labels.push((plot.y + plot.height / 2, top / 2.0));
    }
    for y in plot.top()..plot.bottom() {
        let label = labels.iter().find(|(row, _)| *row == y);
        let text = label.map_or(String::new(), |(_, value)| show::compact(*value as u64));
        let tick = if label.is_some() { "┤" } else { "│" };
        let place = Rect { x: plot.x - SCALE, y, width: SCALE, height: 1 };
        canvas.put_right(place, &[span(text, Role::Muted), span(tick, Role::Border)]);
    }
}

/// The next round number: little of the height is wasted, and half of it is
/// round too.
fn round_up(value: f64) -> f64 {
    if value <= 10.0 {
        return 10.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|round| *round >= value).unwrap_or(value)
}

/// Dots, eight to a cell, and the role of the line drawn there last.
struct Grid {
    area: Rect,
    cells: Vec<(u8, Role)>,
}

impl Grid {
    fn new(area: Rect) -> Self {
        Self { area, cells: vec![(0, Role::Text); usize::from(area.width) * usize::from(area.height)] }
    }

    fn dots(&self) -> (i32, i32) {
        (i32::from(self.area.width) * 2, i32::from(self.area.height) * 4)
    }

    fn set(&mut self, (x, y): (i32, i32), role: Role) {
        /// Bits of the dots by row and column, as Unicode numbers them.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        let bit = BITS.get(y % 4).and_then(|row| row.get(x % 2)).copied().unwrap_or(0);
        if let Some(cell) = self.cells.get_mut((y / 4) * usize::from(self.area.width) + x / 2) {
            *cell = (cell.0 | bit, role);
        }
    }

    fn line(&mut self, (x0, y0): (i32, i32), (x1, y1): (i32, i32), role: Role) {
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).max(1);
        let along =
            |from: i32, to: i32, step: i32| from + ((to - from) * step + (to - from).signum() * steps / 2) / steps;
        for step in 0..=steps {
            self.set((along(x0, x1, step), along(y0, y1, step)), role);
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let places = self.area.rows().flat_map(|row| row.columns());
        for (place, (bits, role)) in places.zip(&self.cells) {
            if *bits != 0
                && let Some(dots) = char::from_u32(0x2800 + u32::from(*bits))
            {
                canvas.put(place.x, place.y, 1, dots.encode_utf8(&mut [0; 4]), *role);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ui::theme::{Depth, Theme};
    use ratatui::buffer::Buffer;
    use rstest::rstest;

    const HOUR: i64 = 3_600_000;

    fn points(value: impl Fn(i64) -> f64) -> Vec<(Time, f64)> {
        (0..=60).map(|minute| (Time(minute * 60_000), value(minute))).collect()
    }

    fn drawn(width: u16, height: u16, series: &[Series<'_>]) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let theme = Theme::built_in("dark", Depth::True);
        let mut canvas = Canvas::new(&mut buffer, &theme);
        Chart { series, from: Time(0), to: Time(HOUR), zone: &TimeZone::UTC }.draw(&mut canvas, area);
        buffer
    }

    #[test]
    fn a_line_that_grows_looks_like_it() {
        let lag = points(|minute| (minute * minute * 300) as f64);
        let read = points(|_| 200_000.0);
        let series = [
            Series { name: "lag", role: Role::Info, points: &lag },
            Series { name: "read", role: Role::Success, points: &read },
        ];
        let buffer = drawn(80, 7, &series);
        let lines: Vec<String> = (0..7)
            .map(|y| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned())
            .collect();
        insta::assert_snapshot!("chart", lines.join("\n"));
    }

    #[rstest]
    #[case(0.0, 10.0)]
    #[case(7.0, 10.0)]
    #[case(1_100_000.0, 1_200_000.0)]
    #[case(500.0, 500.0)]
    fn the_scale_ends_at_a_round_number(#[case] highest: f64, #[case] expected: f64) {
        assert_eq!(round_up(highest), expected);
    }

    #[test]
    fn the_line_on_top_keeps_its_colour() {
        let flat = points(|_| 10.0);
        let series = [
            Series { name: "a", role: Role::Danger, points: &flat },
            Series { name: "b", role: Role::Success, points: &flat },
        ];
        let buffer = drawn(60, 4, &series);
        assert_eq!(Some(buffer[(20, 0)].fg), Theme::built_in("dark", Depth::True).style(Role::Danger).fg);
    }

    #[test]
    fn wild_points_and_no_room_are_no_failure() {
        let wild = [(Time(i64::MIN), 1.0), (Time(5), f64::NAN), (Time(9), -7.0), (Time(i64::MAX), f64::MAX)];
        for points in [&[][..], &wild[..]] {
            let series = [Series { name: "lag", role: Role::Info, points }];
            for width in [0, 5, 13, 28, 80] {
                for height in 0..6 {
                    drawn(width, height, &series);
                }
            }
        }
    }
}

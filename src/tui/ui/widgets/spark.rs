//! Small pictures of numbers, a character each.

use crate::tui::ui::theme::Marks;

/// One bar per value, the last `width` of them, scaled to the largest.
pub fn line(marks: &Marks, values: &[f64], width: usize) -> String {
    let shown = values.get(values.len().saturating_sub(width)..).unwrap_or_default();
    let highest = shown.iter().copied().fold(0.0, f64::max);
    shown.iter().map(|value| bar(marks, *value, highest)).collect()
}

fn bar(marks: &Marks, value: f64, highest: f64) -> &'static str {
    let level = if highest > 0.0 { (value / highest * 7.0).round() as usize } else { 0 };
    marks.bars.get(level.min(7)).copied().unwrap_or(" ")
}

/// One bar of `share` of a cell's height.
pub fn height(marks: &Marks, share: f64) -> &'static str {
    bar(marks, share.clamp(0.0, 1.0), 1.0)
}

/// A bar of `share` of `width` columns.
pub fn level(marks: &Marks, share: f64, width: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    marks.bars.get(6).copied().unwrap_or("#").repeat(full)
}

/// Many values squeezed into `width` bars by their means.
pub fn squeezed(marks: &Marks, values: &[f64], width: usize) -> String {
    if values.len() <= width || width == 0 {
        return line(marks, values, width);
    }
    let per = values.len().div_ceil(width);
    let means: Vec<f64> = values.chunks(per).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64).collect();
    line(marks, &means, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_scaled_to_the_largest_and_never_too_many() {
        assert_eq!(line(&Marks::UNICODE, &[0.0, 5.0, 10.0], 8), "▁▅█");
        assert_eq!(line(&Marks::UNICODE, &[0.0; 4], 8), "▁▁▁▁");
        assert_eq!(line(&Marks::UNICODE, &[1.0; 40], 8).chars().count(), 8);
        assert_eq!(squeezed(&Marks::UNICODE, &[1.0; 96], 10).chars().count(), 10);
        assert_eq!(level(&Marks::UNICODE, 0.5, 8), "▇▇▇▇");
    }
}

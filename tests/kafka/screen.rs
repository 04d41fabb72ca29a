//! What stands on a screen.

/// The number under a title, in the first row below it that holds `what`: a number ends
/// where its title does.
pub fn number_under(screen: &str, title: &str, what: &str) -> Option<String> {
    let title = format!(" {title} ");
    let mut rows = screen.lines().skip_while(|row| !row.contains(&title));
    let (before, _) = rows.next()?.split_once(&title)?;
    let row = rows.find(|row| row.contains(what))?;
    let up_to: String = row.chars().take(before.chars().count() + title.chars().count() - 1).collect();
    up_to.split_whitespace().next_back().map(|number| number.replace(',', ""))
}

//! Reading what is looked for: a query and its times, with a mark where it is wrong.

use crate::cli::exit::Stop;
use crate::domain::Time;
use crate::domain::query::{Moment, Query, QueryError, parse};
use jiff::tz::TimeZone;

/// A query of the command line.
pub(super) fn read(text: &str, now: Time, zone: Option<&TimeZone>) -> Result<Option<Query>, Stop> {
    parse(text, &Moment { now, zone: zone.cloned() }).map_err(|error| Stop::usage(marked(text, &error)))
}

/// The line, a mark under the character that is meant, and what is wrong there.
fn marked(text: &str, error: &QueryError) -> String {
    // What is long or has line breaks is said by number alone.
    if text.chars().count() > MOST_SHOWN || text.chars().any(char::is_control) {
        return format!("the query is wrong {error}");
    }
    let before: String = text.chars().take(error.at).collect();
    let column = crate::domain::text::display_width(&before);
    format!("the query is wrong {error}\n  {text}\n  {:column$}^", "")
}

const MOST_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_character() {
        let Err(Stop::Usage(said)) = read("\"世界\" and amount > 5", Time(0), None) else { panic!("it is wrong") };
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("the query is wrong at character 10: no field is called amount"), "{said}");
        assert_eq!(&lines[1..], ["  \"世界\" and amount > 5", "             ^"]);
        assert!(matches!(read("a\nb >", Time(0), None), Err(Stop::Usage(said)) if said.lines().count() == 1));
    }
}

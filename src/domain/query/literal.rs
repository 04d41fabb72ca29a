//! How a value stands to what is written in a query.

use super::ast::{Comparison, Condition, Literal};
use crate::domain::value::{Logical, Value};
use jiff::Timestamp;
use std::cmp::Ordering;

/// Does `value` meet the condition? A list does when one of its elements does.
pub(super) fn meets(value: &Value, condition: &Condition) -> bool {
    if let Value::List(items) = value {
        let is_met = items.iter().any(|item| meets(item, condition));
        return is_met || matches!(condition, Condition::Exists);
    }
    match condition {
        Condition::Compare(comparison, literal) => compares(value, *comparison, literal),
        Condition::In(literals) => literals.iter().any(|literal| compares(value, Comparison::Equal, literal)),
        Condition::Contains(text) => as_shown(value, |shown| text.is_in(shown)),
        Condition::StartsWith(text) => as_shown(value, |shown| shown.starts_with(text.as_bytes())),
        Condition::Matches(pattern) => as_shown(value, |shown| pattern.is_in(shown)),
        Condition::Exists => *value != Value::Null,
    }
}

/// The value as it is shown, which for everything but text and bytes is its JSON.
pub(super) fn as_shown(value: &Value, look: impl FnOnce(&[u8]) -> bool) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) | Value::Number(text) | Value::Typed { text, .. } => look(text.as_bytes()),
        Value::Bytes(bytes) => look(bytes),
        Value::Bool(_) | Value::List(_) | Value::Record(_) => look(value.to_json().as_bytes()),
    }
}

fn compares(value: &Value, comparison: Comparison, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Null, Literal::Null) => comparison == Comparison::Equal,
        // There is nothing that could be compared.
        (Value::Null, _) => false,
        _ => match ordering(value, literal) {
            Some(Ordered::By(ordering)) => comparison.holds(ordering),
            Some(Ordered::Is(is_equal)) => match comparison {
                Comparison::Equal => is_equal,
                Comparison::NotEqual => !is_equal,
                _ => false,
            },
            // They differ in kind.
            None => comparison == Comparison::NotEqual,
        },
    }
}

enum Ordered {
    By(Ordering),
    /// There is no order, only the same and another.
    Is(bool),
}

fn ordering(value: &Value, literal: &Literal) -> Option<Ordered> {
    Some(match (value, literal) {
        (
            Value::Number(digits)
            | Value::Text(digits)
            | Value::Typed { text: digits, logical: Logical::Decimal { .. } },
            Literal::Number(number),
        ) => Ordered::By(number.is_met_by(digits)?),
        (Value::Number(digits), Literal::Text(text)) => Ordered::Is(digits == text),
        (Value::Typed { text: moment, logical: Logical::Timestamp }, Literal::Text(text)) => {
            Ordered::By(instants(moment, text).unwrap_or_else(|| moment.cmp(text)))
        }
        (Value::Text(shown) | Value::Typed { text: shown, .. }, Literal::Text(text)) => Ordered::By(shown.cmp(text)),
        (Value::Bytes(bytes), Literal::Text(text)) => Ordered::By((**bytes).cmp(text.as_bytes())),
        (Value::Bool(value), Literal::Bool(wanted)) => Ordered::Is(value == wanted),
        (Value::Bool(value), Literal::Text(text)) => Ordered::Is(**text == *if *value { "true" } else { "false" }),
        (Value::Text(shown), Literal::Bool(wanted)) => Ordered::Is(**shown == *if *wanted { "true" } else { "false" }),
        _ => return None,
    })
}

fn instants(left: &str, right: &str) -> Option<Ordering> {
    Some(left.parse::<Timestamp>().ok()?.cmp(&right.parse::<Timestamp>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query::Number;
    use rstest::rstest;

    fn number(text: &str) -> Literal {
        Literal::Number(Number::read(text).unwrap())
    }

    fn typed(text: &str, logical: Logical) -> Value {
        Value::Typed { text: text.into(), logical }
    }

    #[rstest]
    #[case::digits_that_no_float_has(Value::Number("9007199254740993".into()), Comparison::Greater, number("9007199254740992"), true)]
    #[case::a_number_written_as_text(Value::Text("42.0".into()), Comparison::Equal, number("42"), true)]
    #[case::text_that_is_no_number(Value::Text("many".into()), Comparison::Less, number("42"), false)]
    #[case::text_is_not_the_number(Value::Text("many".into()), Comparison::NotEqual, number("42"), true)]
    #[case::a_decimal(typed("12.00", Logical::Decimal { precision: 5, scale: 2 }), Comparison::GreaterOrEqual, number("12"), true)]
    #[case::quoted_digits(Value::Number("42".into()), Comparison::Equal, Literal::Text("42".into()), true)]
    #[case::no_number(Value::Number("NaN".into()), Comparison::Less, number("1"), false)]
    #[case::an_instant_in_another_zone(typed("2026-11-21T10:00:00Z", Logical::Timestamp), Comparison::Equal, Literal::Text("2026-11-21T11:00:00+01:00".into()), true)]
    #[case::an_enum(typed("OPEN", Logical::Enum), Comparison::Equal, Literal::Text("OPEN".into()), true)]
    #[case::nothing_is_null(Value::Null, Comparison::Equal, Literal::Null, true)]
    #[case::nothing_differs_from_nothing(Value::Null, Comparison::NotEqual, number("1"), false)]
    #[case::something_is_not_null(Value::Bool(false), Comparison::NotEqual, Literal::Null, true)]
    #[case::true_written_as_text(Value::Text("true".into()), Comparison::Equal, Literal::Bool(true), true)]
    #[case::no_order_of_truth(Value::Bool(true), Comparison::Greater, Literal::Bool(false), false)]
    #[case::one_element_is_enough(Value::List(vec![Value::Number("1".into()), Value::Number("2".into())]), Comparison::Equal, number("2"), true)]
    #[case::a_record_is_no_text(Value::Record(vec![]), Comparison::Equal, Literal::Text("{}".into()), false)]
    fn values_and_what_is_written(
        #[case] value: Value,
        #[case] comparison: Comparison,
        #[case] literal: Literal,
        #[case] expected: bool,
    ) {
        assert_eq!(meets(&value, &Condition::Compare(comparison, literal)), expected);
    }
}

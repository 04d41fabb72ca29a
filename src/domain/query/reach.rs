//! Following a path into a decoded value.

use super::ast::Step;
use crate::domain::value::Value;

/// Whether `look` says yes to one of the values that `steps` lead to. A name leads
/// into the elements of a list, too, and to each field that has it.
pub(super) fn any(value: &Value, steps: &[Step], look: &mut dyn FnMut(&Value) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return look(value) };
    match (value, step) {
        (Value::Record(fields), Step::Name(name)) => {
            fields.iter().filter(|(field, _)| **field == **name).any(|(_, value)| any(value, rest, look))
        }
        // Depth is that of the value, which its decoder bounds.
        (Value::List(items), Step::Name(_)) => items.iter().any(|item| any(item, steps, look)),
        (Value::List(items), Step::Index(index)) => items.get(*index).is_some_and(|item| any(item, rest, look)),
        (Value::List(items), Step::Each) => items.iter().any(|item| any(item, rest, look)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn order() -> Value {
        let item = |sku: &str| Value::Record(vec![("sku".into(), Value::Text(sku.into()))]);
        Value::Record(vec![
            ("items".into(), Value::List(vec![item("a"), item("b")])),
            ("twice".into(), Value::Text("one".into())),
            ("twice".into(), Value::Text("two".into())),
        ])
    }

    #[rstest]
    #[case(vec![Step::Name("items".into()), Step::Index(1), Step::Name("sku".into())], &["b"])]
    #[case(vec![Step::Name("items".into()), Step::Each, Step::Name("sku".into())], &["a", "b"])]
    #[case(vec![Step::Name("items".into()), Step::Name("sku".into())], &["a", "b"])]
    #[case(vec![Step::Name("twice".into())], &["one", "two"])]
    #[case(vec![Step::Name("items".into()), Step::Index(2)], &[])]
    #[case(vec![Step::Name("twice".into()), Step::Each], &[])]
    fn where_paths_lead(#[case] steps: Vec<Step>, #[case] expected: &[&str]) {
        let mut found = Vec::new();
        any(&order(), &steps, &mut |value| {
            if let Value::Text(text) = value {
                found.push(text.to_string());
            }
            false
        });
        assert_eq!(found, expected);
    }
}

//! The key sheet, made from the command table.

use super::table::{Group, Risk, TABLE};

/// All commands with their ids and default keys, as Markdown.
pub fn keys_reference() -> String {
    let mut text = String::from(
        "# Keys\n\nEvery key can be changed by the command's id. Commands without a key are found with `:`.\n\
         `y` confirms a plan and `n` leaves it; they mean nothing anywhere else.\n",
    );
    let mut rows: Vec<_> = TABLE.iter().collect();
    rows.sort_by_key(|row| row.group);
    let mut group: Option<Group> = None;
    for row in rows {
        if group != Some(row.group) {
            group = Some(row.group);
            text.push_str(&format!("\n## {}\n\n| key | what it does | id |\n|---|---|---|\n", row.group.title()));
        }
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        let risk = match row.risk {
            Risk::Safe => "",
            Risk::Confirm => " (opens a plan)",
            Risk::TypeName => " (opens a plan that asks for the name)",
        };
        text.push_str(&format!("| {} | {}{risk} | `{}` |\n", keys.join(" "), row.doc, row.id));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_is_in_the_sheet() {
        let sheet = super::keys_reference();
        for row in super::TABLE {
            assert!(sheet.contains(&format!("| `{}` |", row.id)), "{}", row.id);
        }
    }
}

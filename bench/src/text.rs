//! Figures and tables as a person reads them.

use std::fmt::Write as _;

/// Three digits that count.
pub fn figure(value: f64) -> String {
    match value.abs() {
        whole if whole >= 1000.0 => thousands(value.round() as i64),
        tens if tens >= 100.0 => format!("{value:.0}"),
        ones if ones >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// With commas.
pub fn thousands(value: i64) -> String {
    let digits = value.abs().to_string();
    let first = digits.len() % 3;
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && position % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rows under a head, columns as wide as they need to be, numbers at the right.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
            .chain(head.get(column).map(|text| text.chars().count()))
            .max()
            .unwrap_or_default()
    };
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let room = width(column);
            // Infallible.
            let _ = if column == 0 {
                write!(text, "{cell:<room$}")
            } else {
                write!(text, "  {cell:>room$}")
            };
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    };
    let mut text = line(head.to_vec());
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_thousands_have_commas() {
        for (value, text) in [
            (1_234_567.0, "1,234,567"),
            (123.4, "123"),
            (12.34, "12.3"),
            (1.234, "1.23"),
            (1000.0, "1,000"),
        ] {
            assert_eq!(figure(value), text);
        }
        assert_eq!(thousands(-12_345), "-12,345");
    }

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let rows = [
            vec!["stripe".to_owned(), "1".to_owned()],
            vec!["x".to_owned(), "22".to_owned()],
        ];
        assert_eq!(
            table(&["of", "n"], &rows),
            "of       n\nstripe   1\nx       22\n"
        );
    }
}

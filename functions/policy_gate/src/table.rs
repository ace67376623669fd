//! A table for a terminal: columns as wide as what they hold, one of them wrapped to what is left.

use std::io::{self, Write};

/// Between two columns.
const GAP: usize = 2;
/// No column is made narrower than this, however narrow the terminal is.
const WIDTH_MIN: usize = 12;

/// Writes `rows` under `headings`, at most `width` characters a line where that is possible. Columns are narrowed in the order of `narrow`
/// until the table fits.
pub(crate) fn write<const N: usize>(
    output: &mut impl Write,
    headings: [&str; N],
    rows: &[[String; N]],
    narrow: &[usize],
    width: usize,
) -> io::Result<()> {
    let mut widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or(0)
    });
    for &column in narrow {
        let total = widths.iter().sum::<usize>() + GAP * N.saturating_sub(1);
        let spare = total.saturating_sub(width);
        let least = widths[column].min(WIDTH_MIN);
        widths[column] = widths[column].saturating_sub(spare).max(least);
    }
    line(output, &headings.map(str::to_owned), &widths)?;
    line(output, &widths.map(|w| "-".repeat(w)), &widths)?;
    rows.iter().try_for_each(|row| line(output, row, &widths))
}

fn line<const N: usize>(
    output: &mut impl Write,
    cells: &[String; N],
    widths: &[usize; N],
) -> io::Result<()> {
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| wrap(cell, *width))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..height {
        let mut text = String::new();
        for (lines, width) in wrapped.iter().zip(widths) {
            let cell = lines.get(row).map_or("", String::as_str);
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', GAP + width - cell.chars().count()));
        }
        writeln!(output, "{}", text.trim_end())?;
    }
    Ok(())
}

/// Breaks at spaces; a word that is longer than a line, such as an ARN, is cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(String::new());
            used = 0;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            if let Some(last) = lines.last_mut() {
                last.extend(word);
            }
            lines.push(String::new());
            word = rest;
        }
        if let Some(last) = lines.last_mut() {
            if used > 0 {
                last.push(' ');
                used += 1;
            }
            used += word.len();
            last.extend(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[[&str; 3]], width: usize) -> String {
        let rows: Vec<[String; 3]> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        let mut output = Vec::new();
        write(
            &mut output,
            ["rule", "message", "PCI"],
            &rows,
            &[1, 0],
            width,
        )
        .unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        assert_eq!(
            written(&[["deny_a", "no key", "3.5.1"]], 80),
            "rule    message  PCI\n------  -------  -----\ndeny_a  no key   3.5.1\n"
        );
    }

    #[test]
    fn what_is_too_long_is_wrapped_and_cut() {
        assert_eq!(
            written(
                &[[
                    "deny_a",
                    "the key arn:aws:kms:us-east-2 is of no use",
                    "3.5.1"
                ]],
                30
            ),
            "rule    message          PCI\n------  ---------------  -----\ndeny_a  the key          3.5.1\n        arn:aws:kms:us-\n        east-2 is of no\n        use\n"
        );
        // Never narrower than twelve: a terminal of no width still shows everything.
        assert!(written(&[["deny_a", "one two three four", "3.5.1"]], 1).contains("three four"));
    }

    #[test]
    fn nothing_is_one_empty_line() {
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("abcdefghij", 10), ["abcdefghij"]);
        assert_eq!(wrap("abcdefghijk", 10), ["abcdefghij", "k"]);
        assert_eq!(wrap("a abcdefghijk", 10), ["a", "abcdefghij", "k"]);
    }
}

//! Both wildcard matchers agree with one that fills a table, which is slow and plainly right.

#![no_main]

use iamsim_policy::wildcard::{Token, matches, matches_tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((pattern, text)) = input.split_once('\0') else { return };
    // The table grows with the product of the two.
    if pattern.len() > 256 || text.len() > 256 {
        return;
    }
    let expected = by_table(pattern, text);
    assert_eq!(matches(pattern, text), expected);
    assert_eq!(matches_tokens(&tokens(pattern), text), expected);
});

/// `row[i]`: whether what was read of the pattern matches the first `i` characters.
fn by_table(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for wanted in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        if wanted == '*' {
            let mut reached = false;
            for (at, before) in row.iter().enumerate() {
                reached |= before;
                next[at] = reached;
            }
        } else {
            for (at, found) in text.iter().enumerate() {
                next[at + 1] = row[at] && (wanted == '?' || wanted == *found);
            }
        }
        row = next;
    }
    row[text.len()]
}

fn tokens(pattern: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for piece in pattern.split_inclusive(['*', '?']) {
        match (piece.strip_suffix('*'), piece.strip_suffix('?')) {
            (Some(text), _) => tokens.extend([Token::Text(text), Token::Run]),
            (_, Some(text)) => tokens.extend([Token::Text(text), Token::One]),
            _ => tokens.push(Token::Text(piece)),
        }
    }
    tokens
}

//! Finds a long segment with question marks in a long text, in time that grows with the text and not with the
//! product of the two.
//!
//! Only patterns made to be slow come here: comparing at every place of the text is quicker for all others. For
//! every place the sum of `p·(p − t)²` over the segment's characters `p`, a question mark counting as nought,
//! and the characters `t` that stand there is computed at once, by number-theoretic transforms; where the
//! segment matches, the sum is nought.

/// A prime with roots of unity of every power of two up to 2³², and a cheap remainder.
const PRIME: u64 = 0xffff_ffff_0000_0001;
/// A generator of the field's multiplicative group.
const GENERATOR: u64 = 7;

/// What is left of the text after the first place where the segment matches; `None` in it is a question mark.
pub(super) fn find<'t>(segment: &[Option<char>], mut text: &'t str) -> Option<&'t str> {
    let size = (segment.len() * 2).next_power_of_two();
    let reversed = |value: fn(u64) -> u64| {
        let values = segment.iter().rev().map(|wanted| wanted.map_or(0, |wanted| value(u64::from(wanted))));
        transformed(values, size)
    };
    // p·(p − t)² = p³ − 2·p²·t + p·t²: the segment's part of each term is the same at every place.
    let (plain, squares) = (reversed(|p| p), reversed(|p| multiply(p, p)));
    let cubes = segment.iter().flatten().fold(0, |sum, p| {
        let p = u64::from(*p);
        add(sum, multiply(p, multiply(p, p)))
    });
    loop {
        let block: Vec<char> = text.chars().take(size).collect();
        let values = || block.iter().map(|t| u64::from(*t));
        let mut sums = transformed(values(), size);
        let with_squares = transformed(values().map(|t| multiply(t, t)), size);
        for (((sum, with_square), p), square) in sums.iter_mut().zip(&with_squares).zip(&plain).zip(&squares)
        {
            *sum = subtract(multiply(*with_square, *p), multiply(*sum, multiply(2, *square)));
        }
        back(&mut sums);
        let places = block.windows(segment.len());
        let sums = sums.get(segment.len() - 1..).unwrap_or_default();
        let at = places.zip(sums).position(|(here, sum)| {
            // The sum may be a multiple of the prime, so the place is looked at.
            add(*sum, cubes) == 0 && matches(segment, here)
        });
        let after = |count: usize| {
            let bytes = block.iter().take(count).map(|character| character.len_utf8()).sum::<usize>();
            text.get(bytes..)
        };
        if let Some(at) = at {
            return after(at + segment.len());
        }
        if block.len() < size {
            return None;
        }
        text = after(size - segment.len() + 1)?;
    }
}

fn matches(segment: &[Option<char>], here: &[char]) -> bool {
    segment.iter().zip(here).all(|(wanted, found)| wanted.is_none_or(|wanted| wanted == *found))
}

/// The transform of some values, filled up with noughts; its entries are in bit-reversed order.
fn transformed(values: impl Iterator<Item = u64>, size: usize) -> Vec<u64> {
    let mut values: Vec<u64> = values.collect();
    values.resize(size, 0);
    let mut half = size / 2;
    while half > 0 {
        let root = root_of_unity(half * 2);
        for block in values.chunks_exact_mut(half * 2) {
            let (low, high) = block.split_at_mut(half);
            let mut power = 1;
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (add(*a, *b), multiply(subtract(*a, *b), power));
                power = multiply(power, root);
            }
        }
        half /= 2;
    }
    values
}

/// Undoes [`transformed`].
fn back(values: &mut [u64]) {
    let size = values.len();
    let mut half = 1;
    while half < size {
        let root = power_of(root_of_unity(half * 2), PRIME - 2);
        for block in values.chunks_exact_mut(half * 2) {
            let (low, high) = block.split_at_mut(half);
            let mut power = 1;
            for (a, b) in low.iter_mut().zip(high) {
                let turned = multiply(*b, power);
                (*a, *b) = (add(*a, turned), subtract(*a, turned));
                power = multiply(power, root);
            }
        }
        half *= 2;
    }
    let inverse = power_of(size as u64, PRIME - 2);
    for value in values {
        *value = multiply(*value, inverse);
    }
}

fn root_of_unity(order: usize) -> u64 {
    power_of(GENERATOR, (PRIME - 1) / order as u64)
}

fn power_of(base: u64, mut exponent: u64) -> u64 {
    let (mut base, mut result) = (base, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, base);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    result
}

fn add(a: u64, b: u64) -> u64 {
    subtract(a, PRIME - b)
}

fn subtract(a: u64, b: u64) -> u64 {
    let (difference, below) = a.overflowing_sub(b);
    if below { difference.wrapping_add(PRIME) } else { difference }
}

/// 2⁶⁴ is 2³² − 1 in this field, and 2⁹⁶ is −1: that is what makes the remainder cheap.
fn multiply(a: u64, b: u64) -> u64 {
    const TURN: u64 = 0xffff_ffff;
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the product")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    let (mut result, below) = low.overflowing_sub(high >> 32);
    if below {
        result = result.wrapping_sub(TURN);
    }
    let (sum, above) = result.overflowing_add((high & TURN) * TURN);
    result = if above { sum.wrapping_add(TURN) } else { sum };
    if result >= PRIME { result - PRIME } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slowly<'t>(segment: &[Option<char>], text: &'t str) -> Option<&'t str> {
        let characters: Vec<_> = text.chars().collect();
        let at = characters.windows(segment.len()).position(|here| matches(segment, here))?;
        let mut rest = text.chars();
        rest.nth(at + segment.len() - 1)?;
        Some(rest.as_str())
    }

    #[test]
    fn products_are_those_of_the_field() {
        let check = |a: u64, b: u64| {
            let expected = u128::from(a) * u128::from(b) % u128::from(PRIME);
            assert_eq!(u128::from(multiply(a, b)), expected, "{a} * {b}");
        };
        let some = [0, 1, 2, 0xffff_ffff, 0x1_0000_0000, PRIME - 1, PRIME - 2, 0x1234_5678_9abc_def0];
        for a in some {
            for b in some {
                check(a, b);
            }
        }
        assert_eq!((add(PRIME - 1, 1), add(5, 0), subtract(0, 1)), (0, 5, PRIME - 1));
        assert_eq!(power_of(root_of_unity(1 << 32), 1 << 31), PRIME - 1);
    }

    #[test]
    fn it_finds_what_comparing_at_every_place_finds() {
        // The last character differs, so that every place but the last comes near.
        let check = |segment: &str, text: &str| {
            let segment: Vec<_> = segment.chars().map(|c| (c != '?').then_some(c)).collect();
            assert_eq!(find(&segment, text), slowly(&segment, text), "{segment:?} in {text}");
        };
        check("a?a", "bbabab");
        check("a?b", "aaaaaaaaaaaaaaab");
        check("a?b", "aaaaaaaaaaaaaaaa");
        check("?", "x");
        check("??", "x");
        check("?", "");
        check("é?\u{10ffff}", "aéx\u{10ffff}");
        let long = "a?".repeat(40) + "b";
        check(&long, &("a".repeat(3_000) + "b"));
        check(&long, &"a".repeat(3_000));
        for shift in 0..200 {
            check(&long, &("x".repeat(shift) + &"a".repeat(80) + "b" + &"x".repeat(100)));
        }
    }
}

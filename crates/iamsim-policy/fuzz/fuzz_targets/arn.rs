//! The parts of an ARN join to the whole, and a pattern without variables matches exactly when each of its
//! parts does.

#![no_main]

use iamsim_policy::{Arn, ArnPattern, wildcard};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (pattern, arn) = input.split_once('\0').unwrap_or((input, input));
    let _ = ArnPattern::parse(pattern, true);
    // In the language of 2008 every text is a pattern.
    let pattern = ArnPattern::parse(pattern, false).expect("no variable can be broken");
    assert!(!pattern.resource().has_variables());
    let Ok(arn) = arn.parse::<Arn>() else { return };
    let parts: Vec<&str> = (0..6).map(|index| arn.part(index)).collect();
    assert_eq!(parts.join(":"), arn.as_str());
    assert_eq!(arn.as_str().parse::<Arn>().as_ref(), Ok(&arn));
    let resource = pattern.as_str().splitn(6, ':').nth(5).unwrap_or("*");
    let expected = (0..5).all(|index| wildcard::matches(pattern.part(index), arn.part(index)))
        && wildcard::matches(resource, arn.resource());
    assert_eq!(pattern.matches_fixed(&arn), expected);
    assert_eq!(
        pattern.matches_fixed(&arn),
        pattern.matches_head(&arn) && wildcard::matches(resource, arn.resource())
    );
});

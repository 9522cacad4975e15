//! Codes of MFA devices on the world's clock: RFC 6238 with HMAC-SHA-1, thirty seconds, six digits.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use iamsim_model::MfaSecret;
use sha1::Sha1;

const STEP_SECONDS: i64 = 30;
/// How many steps a code may be early or late, as the RFC advises.
const DRIFT: i64 = 1;

/// The code a device shows at an instant.
pub(crate) fn code(secret: &MfaSecret, at: DateTime<Utc>) -> String {
    match secret {
        MfaSecret::Fixed(code) => code.to_string(),
        MfaSecret::Totp(key) => totp(key, at.timestamp().div_euclid(STEP_SECONDS)),
    }
}

/// What a code is to a device at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Not its code.
    Wrong,
    /// A code of this step.
    Step(i64),
    /// A test's code, which may be used again.
    Fixed,
}

pub(crate) fn check(secret: &MfaSecret, at: DateTime<Utc>, given: &str) -> Check {
    let key = match secret {
        MfaSecret::Fixed(code) if **code == *given => return Check::Fixed,
        MfaSecret::Fixed(_) => return Check::Wrong,
        MfaSecret::Totp(key) => key,
    };
    let now = at.timestamp().div_euclid(STEP_SECONDS);
    let step = (now - DRIFT..=now + DRIFT).find(|step| totp(key, *step) == given);
    step.map_or(Check::Wrong, Check::Step)
}

fn totp(key: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 0x0f);
    let cut = digest.get(offset..offset + 4).and_then(|cut| cut.try_into().ok()).unwrap_or_default();
    let number = u32::from_be_bytes(cut) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let key = MfaSecret::Totp((*b"12345678901234567890").into());
        let check = |seconds: i64, expected: &str| {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(code(&key, at), expected, "{seconds}");
        };
        check(59, "287082");
        check(1_111_111_109, "081804");
        check(1_234_567_890, "005924");
        check(20_000_000_000, "353130");
    }

    #[test]
    fn a_code_may_be_one_step_late_and_no_more() {
        let key = MfaSecret::Totp((*b"12345678901234567890").into());
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let shown = code(&key, at(600));
        assert_eq!(check(&key, at(600), &shown), Check::Step(20));
        assert_eq!(check(&key, at(659), &shown), Check::Step(20));
        assert_eq!(check(&key, at(660), &shown), Check::Wrong);
    }
}

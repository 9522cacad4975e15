//! Account ids: twelve digits, leading zeros kept (SIG-01).

use std::fmt;
use std::str::FromStr;

/// An AWS account id: exactly twelve digits (SIG-01).
///
/// ```
/// use iamsim_policy::AccountId;
///
/// let account: AccountId = "000000000012".parse()?;
/// assert_eq!(account.to_string(), "000000000012");
/// assert!("12".parse::<AccountId>().is_err());
/// # Ok::<(), iamsim_policy::InvalidAccountId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

/// What was given as an account id is not twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an account id: an account id has exactly twelve digits")]
pub struct InvalidAccountId(Box<str>);

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).ok_or_else(|| InvalidAccountId(text.into()))
    }
}

impl AccountId {
    /// Reads an id where there may be another text, and that is no error.
    pub fn read(text: &str) -> Option<Self> {
        let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| Self(text.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))))
    }

    /// The id as a number; `000000000012` is 12.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [b'0'; 12];
        let mut left = self.0;
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
        }
        f.write_str(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

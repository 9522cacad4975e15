//! Ids and credentials from a seed (ID-30 to ID-32): the same on every run, and visibly fake where they are
//! secrets.
//!
//! An id depends on the seed, its kind, the account, the name, and how often that name was used before, and on
//! nothing else: adding another user to a test changes no other id.

use std::collections::BTreeMap;
use std::sync::Arc;

use iamsim_policy::AccountId;

/// RFC 4648, as AWS's ids use it.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[derive(Clone, Debug, Default)]
pub(crate) struct Mint {
    seed: u64,
    /// How often each name was used.
    uses: Arc<BTreeMap<Box<str>, u64>>,
}

impl Mint {
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self { seed, uses: Arc::default() }
    }

    /// A unique id: the prefix and seventeen letters (ID-31).
    pub(crate) fn unique_id(&mut self, prefix: &str, account: AccountId, name: &str) -> String {
        let mut stream = self.stream(&format!("{prefix}/{account}/{}", name.to_lowercase()));
        let letters: String = (0..17).map(|_| stream.letter()).collect();
        format!("{prefix}{letters}")
    }

    /// An access key's id: the prefix and sixteen letters, which hold the account (ID-32).
    pub(crate) fn access_key_id(&mut self, prefix: &str, account: AccountId, name: &str) -> String {
        let mut stream = self.stream(&format!("{prefix}/{account}/{name}"));
        let number: u64 = account.to_string().parse().unwrap_or_default();
        // Eighty bits: a one, forty of the account, thirty-nine of chance.
        let chance = u128::from(stream.next() >> 25);
        let bits = (1_u128 << 79) | (u128::from(number) << 39) | chance;
        let letters: String = (0..16).rev().map(|place| letter(bits >> (5 * place))).collect();
        format!("{prefix}{letters}")
    }

    /// Forty characters that say that they are no secret.
    pub(crate) fn secret(&mut self, key_id: &str) -> String {
        let mut stream = self.stream(&format!("secret/{key_id}"));
        let letters: String = (0..28).map(|_| stream.letter()).collect();
        format!("FAKE+SECRET/{letters}")
    }

    /// A session token that says what it is.
    pub(crate) fn token(&mut self, key_id: &str) -> String {
        let mut stream = self.stream(&format!("token/{key_id}"));
        let letters: String = (0..64).map(|_| stream.letter()).collect();
        format!("FakeSessionToken/{key_id}/{letters}")
    }

    /// Bytes for an MFA secret.
    pub(crate) fn bytes(&mut self, name: &str) -> [u8; 20] {
        let mut stream = self.stream(&format!("mfa/{name}"));
        let mut bytes = [0; 20];
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(stream.next().to_be_bytes()) {
                *byte = random;
            }
        }
        bytes
    }

    /// Letters and digits in lower case, as Organizations' ids have them (DUMP-30 to DUMP-32).
    pub(crate) fn lower(&mut self, name: &str, length: usize) -> String {
        let mut stream = self.stream(name);
        (0..length).map(|_| stream.letter().to_ascii_lowercase()).collect()
    }

    fn stream(&mut self, name: &str) -> Stream {
        let uses = Arc::make_mut(&mut self.uses).entry(name.into()).or_default();
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        let bytes = self.seed.to_be_bytes().into_iter().chain(name.bytes()).chain(uses.to_be_bytes());
        for byte in bytes {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3); // FNV-1a
        }
        *uses += 1;
        Stream(state)
    }
}

/// The account in an access key's id, for ids made this way (ID-32).
pub(crate) fn account_of(key_id: &str) -> Option<AccountId> {
    let letters = key_id.get(4..).filter(|letters| letters.len() == 16)?;
    let mut bits = 0_u128;
    for letter in letters.bytes() {
        let value = BASE32.iter().position(|own| *own == letter)?;
        bits = (bits << 5) | u128::try_from(value).ok()?;
    }
    let number = (bits >> 39) & ((1 << 40) - 1);
    format!("{number:012}").parse().ok()
}

fn letter(bits: u128) -> char {
    let index = usize::try_from(bits & 31).unwrap_or_default();
    char::from(BASE32.get(index).copied().unwrap_or(b'A'))
}

/// SplitMix64.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn letter(&mut self) -> char {
        letter(u128::from(self.next()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_aws_s_shape_and_never_come_again() {
        let account = "111122223333".parse().unwrap();
        let mut mint = Mint::default();
        let first = mint.unique_id("AIDA", account, "alice");
        assert_eq!(first.len(), 21); // ID-31
        assert!(first.bytes().skip(4).all(|letter| BASE32.contains(&letter))); // ID-32
        assert_ne!(mint.unique_id("AIDA", account, "alice"), first); // ID-33
        assert_eq!(Mint::default().unique_id("AIDA", account, "Alice"), first);
        assert_ne!(Mint::with_seed(1).unique_id("AIDA", account, "alice"), first);
    }

    #[test]
    fn a_key_s_id_holds_its_account() {
        for account in ["000000000000", "111122223333", "999999999999"] {
            let account = account.parse().unwrap();
            let key = Mint::default().access_key_id("ASIA", account, "x");
            assert_eq!(key.len(), 20); // ID-31
            assert_eq!(account_of(&key), Some(account)); // ID-32
        }
        assert_eq!(account_of("AKIA0000000000000000"), None);
        assert_eq!(account_of("AKIA"), None);
    }
}

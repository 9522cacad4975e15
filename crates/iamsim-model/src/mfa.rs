//! MFA devices of users and root users, and access keys of users.
//!
//! Knows secrets as bytes and steps as numbers; what code a device shows at which instant is worked out where
//! there is a clock.

use chrono::{DateTime, Utc};
use iamsim_policy::AccountId;

use crate::error::{ErrorCode, ModelError};
use crate::id::UserId;
use crate::name::{MFA_NAME, check_length, check_name, check_path, split_path};
use crate::quota::Quota;
use crate::world::World;

/// What a device shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a device counts time, or it is a test's")]
pub enum MfaSecret {
    /// Time-based codes of this secret (RFC 6238).
    Totp(Box<[u8]>),
    /// Always this code, which may be used again and again (STS-31).
    Fixed(Box<str>),
}

/// An MFA device.
#[derive(Clone, Debug)]
pub(crate) struct MfaDevice {
    pub(crate) secret: MfaSecret,
    /// Whose it is; the account's root user's when there is no user.
    pub(crate) user: Option<UserId>,
    /// The time step of the last code that was used.
    pub(crate) used: Option<i64>,
}

/// An access key of a user.
#[derive(Clone, Debug)]
pub(crate) struct AccessKeyState {
    pub(crate) user: UserId,
    pub(crate) active: bool,
    pub(crate) created: DateTime<Utc>,
    /// When it last signed a call.
    pub(crate) last_used: Option<DateTime<Utc>>,
}

impl World {
    /// `CreateVirtualMFADevice` and `EnableMFADevice` for a user, or for the account's root user where none is
    /// named; the name may carry a path. The answer is the serial number, which is the device's ARN (ID-10).
    pub fn add_mfa_device(
        &mut self,
        account: AccountId,
        user: Option<&UserId>,
        path_and_name: &str,
        secret: MfaSecret,
    ) -> Result<String, ModelError> {
        let (path, name) = split_path(path_and_name);
        check_name(MFA_NAME, name)?;
        check_path(&path, false)?;
        let serial = format!("arn:{}:iam::{account}:mfa{path}{name}", self.partition());
        if self.account_ref(account)?.mfa_devices.contains_key(&*serial) {
            return Err(ModelError::taken("MFA device already exists.")); // ERR-14
        }
        self.enable_mfa_device(account, user, &serial, secret)?;
        Ok(serial)
    }

    /// QUO-10: a user and root each have their own.
    fn enable_mfa_device(
        &mut self,
        account: AccountId,
        user: Option<&UserId>,
        serial: &str,
        secret: MfaSecret,
    ) -> Result<(), ModelError> {
        if let Some(user) = user {
            self.user_ref(account, user)?;
        }
        let account = self.account_mut(account)?;
        let owned = account.mfa_devices.values().filter(|device| device.user.as_ref() == user).count();
        if let Some(limit) = account.quotas.exceeded(Quota::MfaDevicesPerUser, owned + 1) {
            return Err(ModelError::quota(Quota::MfaDevicesPerUser, limit));
        }
        account.mfa_devices.insert(serial.into(), MfaDevice { secret, user: user.cloned(), used: None });
        Ok(())
    }

    /// `EnableMFADevice` for a hardware device, by the serial number on it, which is no ARN (ID-11).
    pub fn add_hardware_mfa_device(
        &mut self,
        account: AccountId,
        user: Option<&UserId>,
        serial: &str,
        secret: MfaSecret,
    ) -> Result<(), ModelError> {
        check_length("serialNumber", serial, 9, 256)?;
        if !serial.chars().all(|char| char.is_ascii_alphanumeric()) {
            return Err(ModelError::invalid(format!(
                "The serial number {serial} is not valid: a hardware device has letters and digits, such as \
                 GAHT12345678"
            )));
        }
        if self.mfa_device(serial).is_ok() {
            return Err(ModelError::taken("MFA Device is already in use.")); // ERR-14
        }
        self.enable_mfa_device(account, user, serial, secret)
    }

    /// `DeactivateMFADevice` and `DeleteVirtualMFADevice`.
    pub fn delete_mfa_device(&mut self, account: AccountId, serial: &str) -> Result<(), ModelError> {
        match self.account_mut(account)?.mfa_devices.remove(serial) {
            Some(_) => Ok(()),
            None => Err(no_device(serial)),
        }
    }

    /// The serial numbers of a user's devices, or of the root user's.
    pub fn mfa_serials(&self, account: AccountId, user: Option<&UserId>) -> Vec<String> {
        let Ok(account) = self.account_ref(account) else { return Vec::new() };
        let owned = account.mfa_devices.iter().filter(|(_, device)| device.user.as_ref() == user);
        owned.map(|(serial, _)| serial.to_string()).collect()
    }

    /// What a device shows, and whose it is: an account's user's, or its root user's.
    pub fn mfa_device(&self, serial: &str) -> Result<(&MfaSecret, AccountId, Option<&UserId>), ModelError> {
        let mut accounts = self.state().accounts.values();
        let found = accounts.find_map(|account| Some((account.id, account.mfa_devices.get(serial)?)));
        let (account, device) = found.ok_or_else(|| no_device(serial))?;
        Ok((&device.secret, account, device.user.as_ref()))
    }

    /// Marks a time step of a device as used; false when it, or a later one, was used before (STS-31).
    pub fn use_mfa_step(&mut self, account: AccountId, serial: &str, step: i64) -> Result<bool, ModelError> {
        let device =
            self.account_mut(account)?.mfa_devices.get_mut(serial).ok_or_else(|| no_device(serial))?;
        if device.used.is_some_and(|used| used >= step) {
            return Ok(false);
        }
        device.used = Some(step);
        Ok(true)
    }

    /// `CreateAccessKey`, with a key id that was minted for it.
    pub fn add_access_key(
        &mut self,
        account: AccountId,
        user: &UserId,
        key: &str,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        self.user_ref(account, user)?;
        let account = self.account_mut(account)?;
        let owned = account.access_keys.values().filter(|key| key.user == *user).count();
        if let Some(limit) = account.quotas.exceeded(Quota::AccessKeysPerUser, owned + 1) {
            return Err(ModelError::quota(Quota::AccessKeysPerUser, limit));
        }
        let state = AccessKeyState { user: user.clone(), active: true, created: at, last_used: None };
        account.access_keys.insert(key.into(), state);
        Ok(())
    }

    /// `UpdateAccessKey`: makes a key inactive, or active again.
    pub fn set_access_key_active(
        &mut self,
        account: AccountId,
        key: &str,
        active: bool,
    ) -> Result<(), ModelError> {
        let found = self.account_mut(account)?.access_keys.get_mut(key);
        found.map(|state| state.active = active).ok_or_else(|| no_key(key))
    }

    /// Says that a key signed a call. A key that is gone is nobody's any more, and nothing is said.
    pub fn touch_access_key(
        &mut self,
        account: AccountId,
        key: &str,
        at: DateTime<Utc>,
    ) -> Result<(), ModelError> {
        if let Some(state) = self.account_mut(account)?.access_keys.get_mut(key) {
            state.last_used = Some(at);
        }
        Ok(())
    }

    /// `GetAccessKeyLastUsed`: the id of the user whose key it is, and when the key last signed a call; none for a
    /// key that no account has (IAM-56).
    pub fn access_key_last_used(&self, key: &str) -> Option<(AccountId, &UserId, Option<DateTime<Utc>>)> {
        let mut accounts = self.state().accounts.values();
        accounts.find_map(|account| {
            let state = account.access_keys.get(key)?;
            Some((account.id, &state.user, state.last_used))
        })
    }

    /// `DeleteAccessKey`.
    pub fn delete_access_key(&mut self, account: AccountId, key: &str) -> Result<(), ModelError> {
        self.account_mut(account)?.access_keys.remove(key).map(|_| ()).ok_or_else(|| no_key(key))
    }

    /// The ids of a user's access keys, whether each is active, and since when it exists.
    pub fn access_keys(&self, account: AccountId, user: &UserId) -> Vec<(String, bool, DateTime<Utc>)> {
        let Ok(account) = self.account_ref(account) else { return Vec::new() };
        let owned = account.access_keys.iter().filter(|(_, key)| key.user == *user);
        owned.map(|(id, key)| (id.to_string(), key.active, key.created)).collect()
    }
}

/// ERR-08.
fn no_device(serial: &str) -> ModelError {
    ModelError::new(
        ErrorCode::NoSuchEntity,
        format!("MFA Device with serial number {serial} does not exist."),
    )
}

/// ERR-08.
fn no_key(key: &str) -> ModelError {
    ModelError::new(ErrorCode::NoSuchEntity, format!("The Access Key with id {key} cannot be found."))
}

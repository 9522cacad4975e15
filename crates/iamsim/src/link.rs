//! The switch-role link of the console (SIG-05 to SIG-07).

use std::fmt;
use std::str::FromStr;

use iamsim_model::ErrorCode;

use crate::Result;
use crate::error::Error;

/// A link that opens the console's *Switch Role* page, filled in.
///
/// The account is an id or alias; the role is its name, with its path in front when it has one.
///
/// ```
/// use iamsim::SwitchRoleLink;
///
/// let link = SwitchRoleLink::new("example-prod", "ops/devops")?.display_name("DevOps @ prod").color("F2B0A9")?;
/// assert_eq!(
///     link.to_string(),
///     "https://signin.aws.amazon.com/switchrole?account=example-prod&roleName=ops%2Fdevops\
///      &displayName=DevOps%20%40%20prod&color=F2B0A9",
/// );
/// assert_eq!(SwitchRoleLink::parse(&link.to_string())?, link);
/// # Ok::<(), iamsim::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchRoleLink {
    account: String,
    role: String,
    display_name: Option<String>,
    color: Option<String>,
}

const PAGE: &str = "https://signin.aws.amazon.com/switchrole";
/// Path and name together, the limit of the console's cookie (SIG-07).
const LONGEST_ROLE: usize = 64;

impl SwitchRoleLink {
    /// A link to a role, `deployer` or `ci/deployer`, of an account.
    pub fn new(account_id_or_alias: &str, role: &str) -> Result<Self> {
        let role = role.strip_prefix('/').unwrap_or(role);
        if account_id_or_alias.is_empty() || role.is_empty() || role.ends_with('/') {
            return Err(invalid("a switch-role link needs an account and the name of a role"));
        }
        if role.chars().count() > LONGEST_ROLE {
            return Err(invalid(&format!(
                "`{role}` is too long for the console: a role's path and name together may have {LONGEST_ROLE} \
                 characters"
            )));
        }
        Ok(Self { account: account_id_or_alias.into(), role: role.into(), display_name: None, color: None })
    }

    /// The name that the console shows for the role.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The colour of the badge, as RRGGBB (SIG-06).
    pub fn color(mut self, color: &str) -> Result<Self> {
        if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid(&format!("`{color}` is no colour: write six hexadecimal digits, `F2B0A9`")));
        }
        self.color = Some(color.into());
        Ok(self)
    }

    /// Reads a link. Parameters that the page does not know are left out.
    pub fn parse(url: &str) -> Result<Self> {
        let query = url
            .strip_prefix(PAGE)
            .and_then(|rest| rest.strip_prefix('?'))
            .ok_or_else(|| invalid(&format!("`{url}` is no switch-role link: it begins with `{PAGE}?`")))?;
        let query = query.split('#').next().unwrap_or_default();
        let (mut account, mut role, mut display_name, mut color) = (None, None, None, None);
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value =
                decode(value).ok_or_else(|| invalid(&format!("`{value}` is not encoded as in a URL")))?;
            match key {
                "account" => account = Some(value),
                "roleName" => role = Some(value),
                "displayName" => display_name = Some(value),
                "color" => color = Some(value),
                _ => {}
            }
        }
        let missing = |what: &str| invalid(&format!("the switch-role link has no `{what}`"));
        let account = account.ok_or_else(|| missing("account"))?;
        let role = role.ok_or_else(|| missing("roleName"))?;
        let mut link = Self::new(&account, &role)?;
        link.display_name = display_name;
        match color {
            Some(color) => link.color(&color),
            None => Ok(link),
        }
    }

    /// The account's id or alias.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The role's name, with its path and without a slash in front.
    pub fn role_name(&self) -> &str {
        &self.role
    }

    /// The name that the console shows.
    pub fn display_name_text(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The colour of the badge.
    pub fn color_text(&self) -> Option<&str> {
        self.color.as_deref()
    }
}

impl FromStr for SwitchRoleLink {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        Self::parse(url)
    }
}

impl fmt::Display for SwitchRoleLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PAGE}?account={}&roleName={}", Encoded(&self.account), Encoded(&self.role))?;
        if let Some(name) = &self.display_name {
            write!(f, "&displayName={}", Encoded(name))?;
        }
        if let Some(color) = &self.color {
            write!(f, "&color={color}")?;
        }
        Ok(())
    }
}

/// RFC 3986: unreserved characters stay, everything else is percent-encoded.
struct Encoded<'t>(&'t str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// A query value as forms write it: `+` is a space too.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (char::from(rest.next()?), char::from(rest.next()?));
                u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::ValidationError, message)
}

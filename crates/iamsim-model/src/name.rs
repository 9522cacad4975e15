//! Names, paths and the shapes of arguments (VAL).

use crate::error::ModelError;

/// A path and a name: `/ci/deployer` is the path `/ci/` and the name `deployer` (ID-02).
///
/// A name alone has the path `/`; the first slash may be left out.
pub(crate) fn split_path(text: &str) -> (String, &str) {
    match text.rsplit_once('/') {
        None => ("/".into(), text),
        Some((path, name)) => {
            let path = path.strip_prefix('/').unwrap_or(path);
            (if path.is_empty() { "/".into() } else { format!("/{path}/") }, name)
        }
    }
}

/// The argument's name in messages, and how long it may be.
#[derive(Clone, Copy)]
pub(crate) struct NameShape {
    pub(crate) param: &'static str,
    pub(crate) longest: usize,
}

/// VAL-01.
pub(crate) const USER_NAME: NameShape = NameShape { param: "userName", longest: 64 };
/// VAL-02.
pub(crate) const ROLE_NAME: NameShape = NameShape { param: "roleName", longest: 64 };
/// VAL-03.
pub(crate) const GROUP_NAME: NameShape = NameShape { param: "groupName", longest: 128 };
/// VAL-04.
pub(crate) const POLICY_NAME: NameShape = NameShape { param: "policyName", longest: 128 };
/// VAL-05.
pub(crate) const PROFILE_NAME: NameShape = NameShape { param: "instanceProfileName", longest: 128 };
/// VAL-11; its length has no documented end, an ARN ends at 2048.
pub(crate) const MFA_NAME: NameShape = NameShape { param: "virtualMFADeviceName", longest: 226 };

/// Checks length (VAL-36), then letters (VAL-35).
pub(crate) fn check_name(shape: NameShape, name: &str) -> Result<(), ModelError> {
    check_length(shape.param, name, 1, shape.longest)?;
    if name.chars().all(is_name_char) {
        return Ok(());
    }
    Err(ModelError::invalid(format!(
        "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the \
         following: +=,.@_-",
        shape.param
    )))
}

/// `[\w+=,.@-]`, ASCII in effect (VAL-30).
pub(crate) fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)
}

/// The length of an argument in characters (VAL-36, IAM's wording since 2025, VAL-37).
pub(crate) fn check_length(
    param: &str,
    text: &str,
    shortest: usize,
    longest: usize,
) -> Result<(), ModelError> {
    let length = text.chars().count();
    let phrase = if length > longest {
        format!("Member must have length less than or equal to {longest}")
    } else if length < shortest {
        format!("Member must have length greater than or equal to {shortest}")
    } else {
        return Ok(());
    };
    Err(ModelError::constraints(&[format!("Value at '{param}' failed to satisfy constraint: {phrase}")]))
}

/// A path of a user, group, role or profile (VAL-06), or of a managed policy (VAL-07).
pub(crate) fn check_path(path: &str, of_policy: bool) -> Result<(), ModelError> {
    check_length("path", path, 1, 512)?;
    let visible = path.chars().all(|char| ('\u{21}'..='\u{7E}').contains(&char));
    let narrow = !of_policy
        || !path.contains("//")
            && path
                .chars()
                .all(|char| char == '/' || char.is_ascii_alphanumeric() || ".,+@=_-".contains(char));
    if path.starts_with('/') && path.ends_with('/') && visible && narrow {
        return Ok(());
    }
    // VAL-34
    Err(ModelError::invalid(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
         characters and/or / characters.",
    ))
}

/// A role's description (VAL-09).
pub(crate) fn check_description(text: &str) -> Result<(), ModelError> {
    check_length("description", text, 0, 1000)?;
    let legal = |char: char| matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{7E}' | '\u{A1}'..='\u{FF}');
    if text.chars().all(legal) {
        return Ok(());
    }
    Err(ModelError::constraints(&[
        "Value at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern: \
         [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"
            .into(),
    ]))
}

/// An account alias (SIG-02).
pub(crate) fn check_alias(alias: &str) -> Result<(), ModelError> {
    check_length("accountAlias", alias, 3, 63)?;
    let legal = alias.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-')
        && !alias.starts_with('-')
        && !alias.ends_with('-')
        && !alias.contains("--")
        && alias.parse::<iamsim_policy::AccountId>().is_err();
    if legal {
        return Ok(());
    }
    Err(ModelError::constraints(&[
        "Value at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: \
         ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"
            .into(),
    ]))
}

/// How many characters of a policy count against a quota: all but white space (QUO-29).
pub(crate) fn counted_size(text: &str) -> usize {
    text.chars().filter(|char| !matches!(char, ' ' | '\t' | '\r' | '\n')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_carry_its_path() {
        let check = |text: &str, path: &str, name: &str| {
            assert_eq!(split_path(text), (path.to_owned(), name), "{text}");
        };
        check("deployer", "/", "deployer");
        check("/deployer", "/", "deployer");
        check("ci/deployer", "/ci/", "deployer");
        check("/a/b/deployer", "/a/b/", "deployer");
    }

    #[test]
    fn names_have_the_letters_and_lengths_of_the_rules() {
        let check = |name: &str, message: &str| {
            assert_eq!(check_name(ROLE_NAME, name).unwrap_err().message(), message, "{name}");
        };
        check_name(ROLE_NAME, "Ab_+=,.@-9").unwrap();
        let letters = "The specified value for roleName is invalid. It must contain only alphanumeric \
                       characters and/or the following: +=,.@_-"; // VAL-35
        check("a b", letters);
        check("\u{e9}", letters); // VAL-30
        check(
            &"r".repeat(65),
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must have \
             length less than or equal to 64",
        ); // VAL-36
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        for path in ["/", "/a/", "/a//b/", "/a-b/!/"] {
            assert!(check_path(path, false).is_ok(), "{path}"); // VAL-06
        }
        for path in ["a/", "/a", "", "/\u{e9}/", "/a b/"] {
            assert!(check_path(path, false).is_err(), "{path}"); // VAL-34
        }
        assert!(check_path("/a//b/", true).is_err()); // VAL-07
        assert!(check_path("/a!/", true).is_err());
    }

    #[test]
    fn aliases_are_checked_as_aws_checks_them() {
        for alias in ["abc", "a-b", "prod-1"] {
            assert!(check_alias(alias).is_ok(), "{alias}"); // SIG-02
        }
        for alias in ["ab", "-ab", "ab-", "a--b", "Abc", "111122223333", "a_b"] {
            assert!(check_alias(alias).is_err(), "{alias}");
        }
    }
}

//! Examples of resources: an ARN of a type, and an ARN that a pattern matches.

use iamsim_catalog::ResourceType;
use iamsim_policy::{Arn, ContextKey, Piece, Syntax, Template};

/// What stands for a name that nobody has chosen.
pub(crate) const ANY: &str = "any";

/// An ARN of a type: the world's partition, an account and a region, and `any` for every name. None where the
/// format has no such ARN.
///
/// ```
/// use iamsim_catalog::Catalog;
///
/// let catalog = Catalog::embedded();
/// let types = catalog.resource_types(&"arn:aws:sqs:eu-west-1:111122223333:orders".parse()?);
/// let arn = iamsim_query::sample(types[0], "aws", "111122223333").unwrap();
/// assert_eq!(arn.to_string(), "arn:aws:sqs:us-east-1:111122223333:any");
/// # Ok::<(), iamsim_policy::InvalidArn>(())
/// ```
pub fn sample(resource_type: ResourceType<'_>, partition: &str, account: &str) -> Option<Arn> {
    let mut text = String::new();
    let mut rest = resource_type.arn_format();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(match name {
            "Partition" => partition,
            "Account" | "AccountId" => account,
            "Region" => "us-east-1",
            _ => ANY,
        });
        rest = after;
    }
    text.push_str(rest);
    text.parse().ok()
}

/// A text that a pattern matches: `any` for each `*`, `x` for each `?`, and for a variable what `value` knows of its
/// key. None where a variable has no value.
fn instance(pattern: &str, value: &dyn Fn(&ContextKey) -> Option<String>) -> Option<String> {
    let template = Template::parse(pattern, Syntax { wildcards: true, variables: true }).ok()?;
    let mut text = String::with_capacity(pattern.len());
    let mut last = None;
    for piece in template.pieces() {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::One => text.push('x'),
            // `**` is `*`.
            Piece::Run if last == Some(&Piece::Run) => {}
            Piece::Run => text.push_str(ANY),
            Piece::Variable { key, default } => {
                text.push_str(&value(key).or_else(|| default.as_deref().map(str::to_owned))?);
            }
        }
        last = Some(piece);
    }
    Some(text)
}

/// An ARN that an ARN pattern matches; where a part is a wildcard alone, the partition and account given.
pub(crate) fn instance_arn(
    pattern: &str,
    partition: &str,
    account: &str,
    value: &dyn Fn(&ContextKey) -> Option<String>,
) -> Option<Arn> {
    let mut parts = pattern.splitn(6, ':');
    let (arn, written_partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, written_account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let fill = |written: &str, own: &str| {
        if written == "*" { Some(own.to_owned()) } else { instance(written, value) }
    };
    // S3 names neither region nor account.
    let (own_region, own_account) = if service == "s3" { ("", "") } else { ("us-east-1", account) };
    let text = format!(
        "{arn}:{}:{}:{}:{}:{}",
        fill(written_partition, partition)?,
        instance(service, value)?,
        fill(region, own_region)?,
        fill(written_account, own_account)?,
        instance(resource, value)?
    );
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_of_a_pattern_is_an_arn_that_it_matches() {
        let check = |pattern: &str, expected: Option<&str>| {
            let value = |key: &ContextKey| (key.folded() == "aws:username").then(|| "dev".to_owned());
            let found = instance_arn(pattern, "aws", "111122223333", &value);
            assert_eq!(found.as_ref().map(Arn::as_str), expected, "{pattern}");
        };
        check("arn:aws:s3:::reports/*", Some("arn:aws:s3:::reports/any"));
        check("arn:aws:s3:*:*:reports", Some("arn:aws:s3:::reports"));
        check("arn:*:sqs:*:*:dev-**-?", Some("arn:aws:sqs:us-east-1:111122223333:dev-any-x"));
        check("arn:aws:s3:::home/${aws:username}/*", Some("arn:aws:s3:::home/dev/any"));
        check("arn:aws:s3:::home/${aws:userid}/*", None);
        check("arn:aws:s3:::home/${aws:userid, 'all'}/*", Some("arn:aws:s3:::home/all/any"));
        check("arn:aws:sqs", None);
        check("*", None);
    }
}

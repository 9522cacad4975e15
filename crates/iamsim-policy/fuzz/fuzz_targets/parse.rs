//! No document makes the reader fall over, whatever its kind; every place it names lies inside the text; what
//! it accepts prints back; what may be written may be stored. And the reader takes for JSON what serde_json
//! takes for JSON.

#![no_main]

use iamsim_policy::{
    Code, Diagnostic, Policy, PolicyKind, ResourceService, Source, check_write, classic_service_control, json,
};
use libfuzzer_sys::fuzz_target;

const KINDS: [PolicyKind; 10] = [
    PolicyKind::Identity,
    PolicyKind::PermissionsBoundary,
    PolicyKind::Session,
    PolicyKind::RoleTrust,
    PolicyKind::Resource(ResourceService::Other),
    PolicyKind::Resource(ResourceService::S3),
    PolicyKind::Resource(ResourceService::Sns),
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::VpcEndpoint,
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, document)) = input.split_first() else { return };
    let kind = KINDS[usize::from(*choice) % KINDS.len()];
    let source = match Source::from_bytes("fuzz", document.to_vec()) {
        Ok(source) => source,
        Err(finding) => return lies_inside(&finding),
    };
    let is_json = serde_json::from_str::<&serde_json::value::RawValue>(source.text()).is_ok();
    let refused = json::parse(&source).err().map(|finding| finding.code());
    assert_eq!(refused == Some(Code::InvalidJson), !is_json);
    let stored = Policy::parse(kind, &source);
    match &stored {
        Ok(policy) => {
            let canonical = policy.to_canonical_json();
            let again = Policy::parse(kind, &*canonical).expect("the canonical text is valid");
            assert_eq!(again.to_canonical_json(), canonical);
            let compact = policy.to_compact_json();
            assert_eq!(&Policy::parse(kind, &*compact).expect("the compact text is valid"), policy);
            policy.warnings().iter().for_each(lies_inside);
            classic_service_control(policy).iter().for_each(lies_inside);
        }
        Err(error) => error.diagnostics().iter().for_each(lies_inside),
    }
    if let Ok(written) = check_write(kind, &source) {
        assert_eq!(stored.as_ref(), Ok(&written));
    }
});

fn lies_inside(finding: &Diagnostic) {
    let text = finding.source().text();
    let spans = finding.related().iter().map(|related| related.span()).chain([finding.span()]);
    for span in spans {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{finding}");
    }
}

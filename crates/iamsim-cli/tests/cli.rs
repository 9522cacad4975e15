//! The command line as people type it: transcripts of commands, what they print and how they end, in `cmd/`.

#[test]
fn every_command_prints_what_its_transcript_says() {
    trycmd::TestCases::new().env("NO_COLOR", "1").case("tests/cmd/*.trycmd").run();
}

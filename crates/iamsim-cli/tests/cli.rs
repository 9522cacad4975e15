//! The command line as people type it: transcripts of commands, what they print and how they end, in `cmd/`.

#[test]
fn every_command_prints_what_its_transcript_says() {
    // A pipeline sets `CI`, under which nothing is blessed: the transcripts are a person's.
    trycmd::TestCases::new().env("NO_COLOR", "1").env("CI", "").case("tests/cmd/*.trycmd").run();
}

//! A progress bar for long work, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::is_terminal;

/// Shows how much of some work is done, and leaves no trace of itself.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar; none that is seen where nobody looks, or wants silence.
    pub(crate) fn new(what: &'static str, is_quiet: bool) -> Self {
        let bar = ProgressBar::new(0);
        if is_quiet || !is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        // The template is ours and valid; else the bar has another look.
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self(bar)
    }

    pub(crate) fn at(&self, done: usize, all: usize) {
        self.0.set_length(all as u64);
        self.0.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

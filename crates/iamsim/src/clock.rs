//! The world's clock: it stands at a fixed instant and moves when told.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Where a new world's clock stands: 2030-01-01T09:00:00Z, in seconds.
const START: i64 = 1_893_488_400;
const MICROS: i64 = 1_000_000;

/// A clock that stands still until it is moved.
///
/// ```
/// use iamsim::{Cloud, TimeDelta};
///
/// let cloud = Cloud::new();
/// assert_eq!(cloud.clock().now().to_string(), "2030-01-01 09:00:00 UTC");
/// cloud.clock().advance(TimeDelta::minutes(30));
/// assert_eq!(cloud.clock().now().to_string(), "2030-01-01 09:30:00 UTC");
/// ```
#[derive(Debug)]
pub struct ManualClock {
    /// Microseconds since 1970.
    instant: AtomicI64,
}

impl ManualClock {
    /// Where it stands.
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.instant.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Moves it on, or back by a negative amount.
    pub fn advance(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(i64::MAX);
        let now = self.instant.load(Ordering::Relaxed);
        self.store(now.saturating_add(micros));
    }

    /// Sets it.
    pub fn set(&self, to: DateTime<Utc>) {
        self.store(to.timestamp_micros());
    }

    fn store(&self, micros: i64) {
        // A century beyond chrono's end would read as 1970: hold at the end instead.
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let held = micros.clamp(first.timestamp_micros(), last.timestamp_micros());
        self.instant.store(held, Ordering::Relaxed);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self { instant: AtomicI64::new(START * MICROS) }
    }
}

/// The copy stands where the original stands, and moves for itself.
impl Clone for ManualClock {
    fn clone(&self) -> Self {
        Self { instant: AtomicI64::new(self.instant.load(Ordering::Relaxed)) }
    }
}

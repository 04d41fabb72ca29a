//! The flags that say by which rules groups are judged.
//!
//! Invariant: a flag is over the profile, and the profile over what Burrow does.

use crate::cli::exit::Stop;
use crate::cli::session::Session;
use crate::cluster::Cluster;
use crate::domain::rules::{Rule, Rules};
use clap::Args;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Rules, over those of the profile")]
pub(super) struct RuleArguments {
    /// Commits that make a window
    #[arg(long, value_name = "NUMBER", value_parser = checked(Rule::Intervals))]
    intervals: Option<String>,
    /// A commit that follows sooner takes the place of the one before, such as 1s
    #[arg(long, value_name = "DURATION", value_parser = checked(Rule::MinDistance))]
    min_distance: Option<String>,
    /// Records that count as no lag
    #[arg(long, value_name = "RECORDS", value_parser = checked(Rule::AllowedLag))]
    allowed_lag: Option<String>,
    /// A window that is less full than this share is not judged, and counts as OK
    #[arg(long, value_name = "SHARE", value_parser = checked(Rule::MinimumComplete))]
    minimum_complete: Option<String>,
    /// Older commits do not count, such as 7d
    #[arg(long, value_name = "DURATION", value_parser = checked(Rule::Expire))]
    expire: Option<String>,
}

fn checked(rule: Rule) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text: &str| Rules::default().set(rule, text).map(|()| text.to_owned())
}

impl RuleArguments {
    fn given(&self) -> impl Iterator<Item = (Rule, &str)> {
        let texts = [&self.intervals, &self.min_distance, &self.allowed_lag, &self.minimum_complete, &self.expire];
        Rule::ALL.into_iter().zip(texts).filter_map(|(rule, text)| Some((rule, text.as_deref()?)))
    }

    /// The cluster of this run, judged by these rules.
    pub(super) async fn connect(&self, session: &mut Session) -> Result<Cluster, Stop> {
        session
            .connect_with(|profile| {
                for (rule, text) in self.given() {
                    // They were looked at when the command line was read.
                    let _ = profile.rules.set(rule, text);
                }
            })
            .await
    }
}

//! The vocabulary of klamm and the rules over it.
//!
//! Owns: names, topics, groups, records, plans, and every pure rule about them.
//! Must not know: the network, files, the clock (time is an argument), the
//! terminal, or how a message looks on the wire.
//! Invariant: everything here is deterministic; same arguments, same answer.

pub mod archive;
pub mod broker;
pub mod certificate;
pub mod churn;
pub mod command_line;
pub mod compression;
pub mod config;
pub mod csv;
pub mod dead_letter;
pub mod drain;
pub mod expiry;
pub mod fact;
pub mod failure;
pub mod finish;
pub mod grant;
pub mod group;
pub mod group_config;
pub mod group_plan;
pub mod headroom;
pub mod json_text;
pub mod lag_time;
pub mod leaders;
pub mod mask;
pub mod mirror;
pub mod name;
pub mod naming;
pub mod offsets_csv;
pub mod origin;
pub mod pace;
pub mod partition_plan;
pub mod partitioner;
pub mod placeholders;
pub mod plan;
pub mod produce;
pub mod produced;
pub mod query;
pub mod quiet;
pub mod range;
pub mod recipe;
pub mod record;
pub mod record_line;
pub mod registry_context;
pub mod replica_placement;
pub mod resend;
pub mod reset;
pub mod rules;
pub mod samples;
pub mod series;
pub mod show;
pub mod sizes;
pub mod standing;
pub mod steps;
pub mod text;
pub mod throughput;
pub mod time;
pub mod topic;
pub mod topic_formats;
pub mod topic_name;
pub mod topic_plan;
pub mod transaction;
pub mod value;
pub mod verdict;
pub mod views;
pub mod when;
pub mod windows;
pub mod writing;
pub mod xml;

pub use fact::{Fact, Partial, Reasons};
pub use failure::{Failure, FailureKind};
pub use grant::WriteGrant;
pub use name::{BrokerId, GroupId, Offset, PartitionId, PartitionMap, TopicId, TopicName, TopicPartition};
pub use time::Time;

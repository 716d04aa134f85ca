-- Run once by Postgres' image, when its volume is new: Dagster's tables are kept apart from the store's.
CREATE DATABASE dagster OWNER enrich;

-- phase: contract
DROP INDEX conversations_by_owner;

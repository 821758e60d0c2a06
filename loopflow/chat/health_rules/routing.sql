-- No request with the workload CODING goes to another model than its route, but for one that it failed over to.
SELECT
  request.attributes->>'model' AS model,
  request.attributes->>'expected_model' AS expected,
  count(*) AS requests,
  min(request.start_timestamp) AS since
FROM happened AS request
WHERE request.counted = 1
  AND request.message = 'workload_routing'
  AND request.attributes->>'workload' = 'CODING'
  AND request.attributes->>'model' <> request.attributes->>'expected_model'
  AND NOT EXISTS (
    SELECT 1
    FROM happened AS failover
    WHERE failover.message = 'failover'
      AND failover.attributes->>'from_model' = request.attributes->>'expected_model'
      AND failover.attributes->>'to_model' = request.attributes->>'model'
      AND failover.seconds BETWEEN request.seconds - 600 AND request.seconds
  )
GROUP BY request.attributes->>'model', request.attributes->>'expected_model'

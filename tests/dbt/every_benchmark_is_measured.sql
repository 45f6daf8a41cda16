-- Wrong if the seed benchmark_metrics names what metrics.peer_benchmarks does not compare (it would be unknown for everybody).
select metric
from {{ ref('benchmark_metrics') }}
where metric not in ('{{ benchmark_columns() | join("', '") }}')

"""What makes an effect resumable and single: runs, operations, leases with fences."""

;; addi a0, a0, 1
;; c.mv a1, zero, a0
;; sub a2, zero, a1
;; addi zero, a2, 5
;; addw a2, a2, a0
;; sltu a1, zero, a2
;; wfi
(func $block (result i32)
  (local i64 i64 i64 i64)
  (local.set 0 (i64.load offset=x10 (i32.const 0)))
  (local.set 3 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (block $leave
    (local.set 0 (i64.add (local.get 0) (i64.const 1)))
    (local.set 1 (local.get 0))
    (local.set 2 (i64.sub (i64.const 0) (local.get 1)))
    (local.set 2 (i64.extend32_s (i64.add (local.get 2) (local.get 0))))
    (local.set 1 (i64.extend_i32_u (i64.lt_u (i64.const 0) (local.get 2))))
    (i64.store offset=x10 (i32.const 0) (local.get 0))
    (i64.store offset=x11 (i32.const 0) (local.get 1))
    (i64.store offset=x12 (i32.const 0) (local.get 2))
    (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.const 6)))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 3) (i64.const 22)))
    (return (i32.const 0))
  ))

;; addi a0, a0, -1
;; bne a0, zero, -4
(func $block (result i32)
  (local i64 i64)
  (local.set 0 (i64.load offset=x10 (i32.const 0)))
  (local.set 1 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (block $leave
    (local.set 0 (i64.add (local.get 0) (i64.const -1)))
    (i64.store offset=x10 (i32.const 0) (local.get 0))
    (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.const 2)))
    (if (i64.ne (local.get 0) (i64.const 0)) (then
      (i64.store offset=pc (i32.const 0) (local.get 1))
      (return (i32.const 0))
    ))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 1) (i64.const 8)))
    (return (i32.const 0))
  ))

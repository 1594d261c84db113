;; lui a0, 305418240
;; addi a0, a0, 1656
;; auipc a1, 8192
;; addi a1, a1, -16
;; slli a2, a0, 12
;; jal ra, 256
(func $block (result i32)
  (local i64)
  (local.set 0 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (block $leave
    (i64.store offset=x10 (i32.const 0) (i64.const 305419896))
    (i64.store offset=x11 (i32.const 0) (i64.add (local.get 0) (i64.const 8184)))
    (i64.store offset=x12 (i32.const 0) (i64.const 1250999894016))
    (i64.store offset=x1 (i32.const 0) (i64.add (local.get 0) (i64.const 24)))
    (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.const 6)))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 0) (i64.const 276)))
    (return (i32.const 0))
  ))

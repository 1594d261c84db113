;; addi a0, a0, 1
;; c.mv a1, zero, a0
;; sub a2, zero, a1
;; addi zero, a2, 5
;; addw a2, a2, a0
;; sltu a1, zero, a2
;; wfi
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i64 i64 i64 i32 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 9 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave1
    (local.set 5 (i64.load offset=x10 (i32.const 0)))
    (local.set 5 (i64.add (local.get 5) (i64.const 1)))
    (local.set 6 (local.get 5))
    (local.set 7 (i64.sub (i64.const 0) (local.get 6)))
    (local.set 7 (i64.extend32_s (i64.add (local.get 7) (local.get 5))))
    (local.set 6 (i64.extend_i32_u (i64.lt_u (i64.const 0) (local.get 7))))
    (local.set 3 (i32.sub (local.get 3) (i32.const 6)))
    (local.set 8 (i32.const 11265))
    (br $leave1)
  )
  (i64.store offset=x10 (i32.const 0) (local.get 5))
  (i64.store offset=x11 (i32.const 0) (local.get 6))
  (i64.store offset=x12 (i32.const 0) (local.get 7))
  (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 8) (i32.const 2)) (i32.const 127))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 9) (i64.extend_i32_s (i32.shr_s (local.get 8) (i32.const 9)))))
  (i32.store offset=left (i32.const 0) (local.get 3))
  (return (i32.and (local.get 8) (i32.const 3))))

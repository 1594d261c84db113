;; addi a1, zero, 42
;; lbu a0, 0(a0)
;; addi a1, zero, 43
;; wfi
(func $block (result i32)
  (local i64 i64 i32 i64 i64 i64 i32 i64)
  (local.set 0 (i64.load offset=x10 (i32.const 0)))
  (local.set 7 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave
    (local.set 1 (local.get 0))
    (local.set 2 (i32.shl (i32.and (i32.wrap_i64 (i64.shr_u (local.get 1) (i64.const 12))) (i32.const 1023)) (i32.const 4)))
    (if (;likely;) (i64.eq (i64.load offset=loadTlb (local.get 2)) (i64.or (i64.and (local.get 1) (i64.const -4096)) (local.get 4))) (then
      (local.set 3 (i64.load8_u (i32.add (i32.wrap_i64 (local.get 1)) (i32.load offset=loadTlb.addend (local.get 2)))))
    )
    (else
      (local.set 5 (i64.const 42))
      (local.set 6 (i32.const 4100))
      (br $leave)
    ))
    (local.set 0 (local.get 3))
    (i64.store offset=x11 (i32.const 0) (i64.const 43))
    (i64.store offset=x10 (i32.const 0) (local.get 0))
    (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.const 3)))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 7) (i64.const 12)))
    (return (i32.const 0))
  )
  (i64.store offset=x11 (i32.const 0) (local.get 5))
  (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.extend_i32_u (i32.shr_u (local.get 6) (i32.const 12)))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 7) (i64.extend_i32_u (i32.and (local.get 6) (i32.const 4095)))))
  (return (i32.const 1)))

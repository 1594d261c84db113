;; fadd.d ft0, ft1, ft2, dyn
;; fmul.s ft3, ft3, ft3, rtz
;; flt.d a0, ft0, ft1
;; wfi
(func $block (result i32)
  (local i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
  (local.set 2 (i64.load offset=f1 (i32.const 0)))
  (local.set 3 (i64.load offset=f2 (i32.const 0)))
  (local.set 5 (i64.load offset=f3 (i32.const 0)))
  (local.set 11 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (block $leave
    (i64.store offset=mstatus (i32.const 0) (i64.or (i64.load offset=mstatus (i32.const 0)) (i64.const 24576)))
    (local.set 0 (i32.load offset=frm (i32.const 0)))
    (if (;unlikely;) (i32.gt_u (local.get 0) (i32.const 4)) (then
      (local.set 1 (i32.const 0))
      (br $leave)
    ))
    (local.set 4 (call $f64_add (local.get 2) (local.get 3) (local.get 0)))
    (local.set 6 (local.get 5))
    (local.set 7 (select (i64.and (local.get 6) (i64.const 4294967295)) (i64.const 2143289344) (i64.ge_u (local.get 6) (i64.const -4294967296))))
    (local.set 8 (local.get 5))
    (local.set 9 (select (i64.and (local.get 8) (i64.const 4294967295)) (i64.const 2143289344) (i64.ge_u (local.get 8) (i64.const -4294967296))))
    (local.set 5 (i64.or (call $f32_mul (local.get 7) (local.get 9) (i32.const 1)) (i64.const -4294967296)))
    (local.set 10 (call $f64_lt (local.get 4) (local.get 2)))
    (i64.store offset=f0 (i32.const 0) (local.get 4))
    (i64.store offset=f3 (i32.const 0) (local.get 5))
    (i64.store offset=x10 (i32.const 0) (local.get 10))
    (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.const 3)))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 11) (i64.const 12)))
    (return (i32.const 0))
  )
  (i64.store offset=instret (i32.const 0) (i64.add (i64.load offset=instret (i32.const 0)) (i64.extend_i32_u (i32.shr_u (local.get 1) (i32.const 12)))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 11) (i64.extend_i32_u (i32.and (local.get 1) (i32.const 4095)))))
  (return (i32.const 1)))
